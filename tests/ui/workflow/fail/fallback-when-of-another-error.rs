use orch::prelude::*;

#[step]
fn live() -> Result<u32, std::io::Error> {
    Ok(1)
}

#[step]
fn stored() -> u32 {
    2
}

fn is_overflow(error: &std::num::ParseIntError) -> bool {
    error.to_string().is_empty()
}

workflow! {
    Flow() -> u32 {
        rate = live().or_else(stored(), when = is_overflow);
        rate
    }
}

fn main() {}
