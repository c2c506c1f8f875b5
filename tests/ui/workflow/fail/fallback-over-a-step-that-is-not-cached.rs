use orch::prelude::*;

#[step]
fn load(page: u32) -> Result<u32, std::io::Error> {
    Ok(page)
}

workflow! {
    Flow(page: u32) -> Result<u32, std::io::Error> {
        #[node(fallback = stale(max_age = "1h"))]
        rows = load(page);
        rows
    }
}

fn main() {}
