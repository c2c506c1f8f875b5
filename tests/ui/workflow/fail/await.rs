use orch::prelude::*;

#[step]
async fn load() -> u32 {
    1
}

workflow! {
    Flow() -> u32 {
        rows = load().await;
        rows
    }
}

fn main() {}
