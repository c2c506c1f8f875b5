use orch::prelude::*;

#[step]
fn größe() -> u32 {
    1
}

fn main() {}
