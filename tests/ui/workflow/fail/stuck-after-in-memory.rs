use orch::prelude::*;

#[step]
fn load(n: u32) -> u32 {
    n
}

workflow! {
    #[workflow(stuck_after = "5m")]
    pub Flow(n: u32) -> u32 {
        load(n)
    }
}

fn main() {}
