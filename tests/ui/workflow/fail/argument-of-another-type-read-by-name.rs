use orch::prelude::*;

pub struct Quote(u32);

#[step]
fn price(count: u32) -> Quote {
    Quote(count)
}

#[step]
fn square(number: u32) -> u32 {
    number * number
}

workflow! {
    Flow(count: u32) -> u32 {
        quote = price(count);
        squared = square(quote);
        squared
    }
}

fn main() {}
