use orch::prelude::*;

#[step]
fn net() -> u32 {
    100
}

#[step]
fn rate() -> f64 {
    0.19
}

workflow! {
    Flow() -> f64 {
        price = net();
        tax = rate();
        gross = price * tax;
        gross
    }
}

fn main() {}
