use orch::prelude::*;

#[step]
fn load(n: u32) -> u32 {
    n
}

workflow! {
    #[workflow(max_active_runs = 4)]
    pub Flow(n: u32) -> u32 {
        load(n)
    }
}

fn main() {}
