use orch::prelude::*;

#[step]
fn live() -> Result<u32, std::io::Error> {
    Ok(1)
}

#[step]
fn stored() -> String {
    String::from("1")
}

workflow! {
    Flow() -> u32 {
        rate = live().or_else(stored());
        rate
    }
}

fn main() {}
