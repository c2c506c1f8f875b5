use orch::prelude::*;

#[step]
fn live() -> Result<u32, std::io::Error> {
    Ok(1)
}

#[step]
fn stored() -> u32 {
    2
}

workflow! {
    Flow() -> u32 {
        rate = live().outcome().or_else(stored());
        rate
    }
}

fn main() {}
