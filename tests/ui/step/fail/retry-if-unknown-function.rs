use orch::prelude::*;

pub fn transient(_: &u8) -> bool {
    true
}

#[step(retries = 3, retry_if = transent)]
async fn fetch() -> Result<(), u8> {
    Ok(())
}

fn main() {}
