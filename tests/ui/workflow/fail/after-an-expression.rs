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
        more = rows + 1;
        #[node(after = [more])]
        noted = note();
        noted + more
    }
}

fn main() {}
