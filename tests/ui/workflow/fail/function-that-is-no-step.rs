use orch::prelude::*;

fn fetch_rates(day: u32) -> u32 {
    day
}

workflow! {
    Flow(day: u32) -> u32 {
        rates = fetch_rates(day);
        rates
    }
}

fn main() {}
