use orch::prelude::*;

#[step]
fn load(n: u32) -> u32 {
    n
}

workflow! {
    #[workflow(durable, schedule = "0 6 * * 1-5")]
    pub Flow(n: u32) -> u32 {
        load(n)
    }
}

fn main() {}
