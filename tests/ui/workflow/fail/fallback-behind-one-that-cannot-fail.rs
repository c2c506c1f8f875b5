use orch::prelude::*;

#[step]
fn live() -> Result<u32, std::io::Error> {
    Ok(1)
}

#[step]
fn stored() -> u32 {
    2
}

#[step]
fn guessed() -> u32 {
    3
}

workflow! {
    Flow() -> u32 {
        rate = live().or_else(stored()).or_else(guessed());
        rate
    }
}

fn main() {}
