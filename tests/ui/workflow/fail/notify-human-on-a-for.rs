use orch::prelude::*;

#[step]
fn load(n: u32) -> u32 {
    n
}

workflow! {
    pub Flow(n: u32) -> usize {
        #[node(notify_human)]
        all = for x in 0..n { load(x) };
        all.len()
    }
}

fn main() {}
