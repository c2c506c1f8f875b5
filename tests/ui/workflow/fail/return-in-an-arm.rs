use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    Flow(fast: bool) -> u32 {
        rows = if fast { return 0 } else { load() };
        rows
    }
}

fn main() {}
