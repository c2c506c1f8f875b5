use orch::prelude::*;

#[step]
fn is_large(number: u32) -> bool {
    number > 3
}

#[step]
fn double(number: u32) -> u32 {
    number * 2
}

workflow! {
    Flow(number: u32) -> u32 {
        if number == 0 {
            double(1)
        } else if is_large(number) {
            double(2)
        } else {
            double(3)
        }
    }
}

fn main() {}
