use orch::prelude::*;

#[step]
fn load(n: u32) -> u32 {
    n
}

workflow! {
    #[workflow(schedule = "0 6 * * 1-5")]
    pub Flow() -> u32 {
        load(1)
    }
}

fn main() {}
