use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    Flow() -> u32 {
        #[node(retry_if = is_overflow)]
        rows = load();
        rows
    }
}

fn is_overflow(_: &std::num::ParseIntError) -> bool {
    true
}

fn main() {}
