use orch::prelude::*;

#[step(retries = 3, retry_if = |e| true)]
async fn fetch() -> Result<(), u8> {
    Ok(())
}

fn main() {}
