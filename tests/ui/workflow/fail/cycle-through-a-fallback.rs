use orch::prelude::*;

#[step]
fn fetch(page: u32) -> Result<u32, std::io::Error> {
    Ok(page)
}

workflow! {
    Flow(page: u32) -> u32 {
        live = fetch(page).or_else(fetch(stored));
        stored = fetch(live);
        stored
    }
}

fn main() {}
