use orch::prelude::*;

#[step]
async fn load() -> u32 {
    1
}

workflow! {
    Flow() -> u32 {
        load().await
    }
}

fn main() {}
