use orch::prelude::*;

fn transient(_: &String) -> bool {
    true
}

#[step(retries = 3, retry_if = transient)]
async fn fetch() -> Result<(), u8> {
    Ok(())
}

fn main() {}
