use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    Flow() -> u32 {
        #[nod(name = "rows")]
        rows = load();
        rows
    }
}

fn main() {}
