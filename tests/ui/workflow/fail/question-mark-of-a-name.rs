use orch::prelude::*;

#[step]
fn load() -> Result<u32, std::io::Error> {
    Ok(1)
}

#[step]
fn double(number: u32) -> u32 {
    number * 2
}

workflow! {
    Flow() -> u32 {
        rows = load();
        double(rows?)
    }
}

fn main() {}
