use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    Flow<T>(number: T) -> u32 {
        load()
    }
}

fn main() {}
