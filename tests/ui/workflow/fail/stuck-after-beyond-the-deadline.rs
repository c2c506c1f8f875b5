use orch::prelude::*;

#[step]
fn load(n: u32) -> u32 {
    n
}

workflow! {
    #[workflow(durable, deadline = "10m", stuck_after = "10m")]
    pub Flow(n: u32) -> u32 {
        load(n)
    }
}

fn main() {}
