use orch::prelude::*;

#[step(checkpoint_after(approvers = ["legal"]))]
fn review(n: u32) -> u32 {
    n
}

workflow! {
    pub Flow(n: u32) -> u32 {
        seen = if n > 3 { review(n) } else { 0 };
        seen
    }
}

fn main() {}
