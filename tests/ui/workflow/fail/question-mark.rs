use orch::prelude::*;

#[step]
fn load() -> Result<u32, std::io::Error> {
    Ok(1)
}

workflow! {
    Flow() -> u32 {
        rows = load()?;
        rows
    }
}

fn main() {}
