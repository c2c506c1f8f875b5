use orch::prelude::*;

#[step]
fn fetch_rates(day: u32) -> u32 {
    day
}

workflow! {
    Flow(day: u32) -> u32 {
        rates = fetch_rate(day);
        rates
    }
}

fn main() {}
