use orch::prelude::*;

#[step]
fn load(n: u32) -> u32 {
    n
}

workflow! {
    #[workflow(durable, jitter = "30s")]
    pub Flow(n: u32) -> u32 {
        load(n)
    }
}

fn main() {}
