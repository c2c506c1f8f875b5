use orch::prelude::*;

#[step]
pub const fn one() -> u8 {
    1
}

fn main() {}
