use orch::prelude::*;

pub struct Client;

#[step]
fn fetch(page: u32, #[resource] client: &Client) -> u32 {
    let _ = client;
    page
}

workflow! {
    Flow(page: u32) -> u32 {
        fetch(page)
    }
}

async fn now() -> u32 {
    Flow::run(1).await.unwrap_or(0)
}

fn main() {
    drop(now());
}
