use orch::prelude::*;

fn transient(_: &u8) -> u8 {
    1
}

#[step(retries = 3, retry_if = transient)]
async fn fetch() -> Result<(), u8> {
    Ok(())
}

fn main() {}
