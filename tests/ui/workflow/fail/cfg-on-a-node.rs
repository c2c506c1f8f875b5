use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    Flow() -> u32 {
        #[cfg(debug_assertions)]
        rows = load();
        rows
    }
}

fn main() {}
