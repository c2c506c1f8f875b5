use orch::prelude::*;

#[step(retries = 3, retry_if = transient)]
async fn fetch() -> u8 {
    1
}

fn main() {}
