use orch::prelude::*;

#[derive(Debug)]
pub struct Broken;

#[step]
fn load() -> Result<u32, Broken> {
    Err(Broken)
}

workflow! {
    Flow() -> Result<u32, Broken> {
        number = load();
        number
    }
}

fn main() {}
