use orch::prelude::*;

#[step]
fn live() -> Result<u32, std::io::Error> {
    Ok(1)
}

workflow! {
    Flow() -> u32 {
        rate = live().or_else(|_| 2);
        rate
    }
}

fn main() {}
