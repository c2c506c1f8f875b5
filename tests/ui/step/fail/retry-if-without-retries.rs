use orch::prelude::*;

fn transient(_: &u8) -> bool {
    true
}

#[step(retry_if = transient)]
async fn fetch() -> Result<(), u8> {
    let _ = transient(&1);
    Ok(())
}

fn main() {}
