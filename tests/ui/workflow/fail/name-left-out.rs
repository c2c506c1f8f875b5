use orch::prelude::*;

#[step]
fn load() {}

workflow! {
    Flow() {
        _ = load();
    }
}

fn main() {}
