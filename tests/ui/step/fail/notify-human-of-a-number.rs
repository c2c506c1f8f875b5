use orch::prelude::*;

#[step(notify_human = 3)]
fn load(n: u32) -> u32 {
    n
}

fn main() {}
