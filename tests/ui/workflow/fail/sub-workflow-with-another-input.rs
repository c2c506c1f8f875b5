use orch::prelude::*;

#[step]
fn double(number: u32) -> u32 {
    number * 2
}

workflow! {
    Inner(number: u32) -> u32 {
        double(number)
    }
}

workflow! {
    Flow(text: String) -> u32 {
        Inner::run(text)
    }
}

fn main() {}
