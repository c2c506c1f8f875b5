use orch::prelude::*;

#[step]
fn double(number: u32) -> u32 {
    number * 2
}

workflow! {
    Flow(day: u32) -> u32 {
        rates = fetch_rates(day);
        one = double(rates);
        two = double(rates);
        one + two
    }
}

fn main() {}
