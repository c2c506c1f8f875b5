use orch::prelude::*;

#[step]
async fn load() -> Result<u32, std::io::Error> {
    Ok(1)
}

workflow! {
    Flow() -> u32 {
        rows = load().await?;
        rows
    }
}

fn main() {}
