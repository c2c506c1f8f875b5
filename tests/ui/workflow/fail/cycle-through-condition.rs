use orch::prelude::*;

#[step]
fn load(hint: u32) -> u32 {
    hint
}

workflow! {
    Flow() -> u32 {
        value = if size > 3 { load(1) } else { load(2) };
        size = load(value);
        size
    }
}

fn main() {}
