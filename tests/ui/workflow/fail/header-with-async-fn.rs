use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    pub async fn flow() -> u32 {
        load()
    }
}

fn main() {}
