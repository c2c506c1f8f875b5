use orch::prelude::*;

#[step]
fn square(number: u32) -> u32 {
    number * number
}

workflow! {
    Flow(text: String) -> u32 {
        square(text)
    }
}

fn main() {}
