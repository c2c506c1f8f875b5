use orch::prelude::*;

#[step]
fn note(number: u32) -> u32 {
    number
}

workflow! {
    Flow(number: u32) -> u32 {
        #[node(on = all_done)]
        noted = note(number);
        noted
    }
}

fn main() {}
