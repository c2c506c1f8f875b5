use orch::prelude::*;

pub struct Client;

#[step]
fn release(_outcome: Outcome<&u32>, _page: u32, #[resource] _client: &Client) {}

#[step(compensate = release)]
fn reserve(page: u32) -> u32 {
    page
}

workflow! {
    Flow(page: u32) -> u32 {
        reserve(page)
    }
}

fn main() {
    let _ = Flow::run(1);
}
