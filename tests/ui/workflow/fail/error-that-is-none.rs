use orch::prelude::*;

pub struct Broken;

#[step]
fn load() -> Result<u32, Broken> {
    Err(Broken)
}

workflow! {
    Flow() -> u32 {
        number = load();
        number
    }
}

fn main() {}
