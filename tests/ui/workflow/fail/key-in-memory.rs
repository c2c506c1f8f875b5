use orch::prelude::*;

#[step]
fn same(n: u32) -> u32 {
    n
}

workflow! {
    pub Flow(n: u32) -> Vec<u32> {
        #[node(key = i)]
        for i in 0..n {
            same(i)
        }
    }
}

fn main() {}
