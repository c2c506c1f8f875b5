use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

#[step]
fn note() -> u32 {
    2
}

workflow! {
    Flow() -> u32 {
        rows = load();
        #[node(after = rows)]
        noted = note();
        noted + rows
    }
}

fn main() {}
