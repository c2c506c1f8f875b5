use orch::prelude::*;

#[step]
fn double(number: u32) -> u32 {
    number * 2
}

workflow! {
    Flow(text: String) -> u32 {
        one = ;
        two = double(text);
        two + one
    }
}

fn main() {}
