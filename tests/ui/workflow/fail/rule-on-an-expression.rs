use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    Flow() -> u32 {
        rows = load();
        #[node(on = all_done)]
        more = rows + 1;
        more
    }
}

fn main() {}
