use orch::prelude::*;

#[step]
async fn load() -> u32 {
    1
}

#[step]
fn double(number: u32) -> u32 {
    number * 2
}

workflow! {
    Flow() -> u32 {
        rows = load();
        double(rows.await)
    }
}

fn main() {}
