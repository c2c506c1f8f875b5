use orch::prelude::*;

#[step]
fn load(hint: u32) -> u32 {
    hint
}

workflow! {
    Flow(cached: bool) -> u32 {
        value = if cached { load(1) } else { load(size) };
        size = load(value);
        size
    }
}

fn main() {}
