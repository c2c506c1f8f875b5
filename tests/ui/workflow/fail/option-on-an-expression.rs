use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    Flow() -> u32 {
        rows = load();
        #[node(timeout = "1s")]
        more = rows + 1;
        more
    }
}

fn main() {}
