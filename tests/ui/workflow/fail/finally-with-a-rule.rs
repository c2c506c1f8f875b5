use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

#[step]
fn unlock(rows: Outcome<&u32>) {
    drop(rows);
}

workflow! {
    Flow() -> u32 {
        rows = load();
        #[node(finally, on = all_success)]
        unlock(rows);
        rows
    }
}

fn main() {}
