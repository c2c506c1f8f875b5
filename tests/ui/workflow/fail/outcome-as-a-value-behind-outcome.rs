use orch::prelude::*;

#[step]
fn load() -> Result<u32, std::io::Error> {
    Ok(1)
}

#[step]
fn double(rows: u32) -> u32 {
    rows * 2
}

workflow! {
    Flow() -> u32 {
        rows = load().outcome();
        double(rows)
    }
}

fn main() {}
