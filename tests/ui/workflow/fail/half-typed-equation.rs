use orch::prelude::*;

#[step]
fn double(number: &u32) -> u32 {
    number * 2
}

workflow! {
    Flow(number: u32) -> u32 {
        one = ;
        two = double(&one);
        three = double(&number);
        two + three
    }
}

fn main() {}
