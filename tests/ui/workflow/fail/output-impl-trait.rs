use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    Flow() -> impl Iterator<Item = u32> {
        number = load();
        std::iter::once(number)
    }
}

fn main() {}
