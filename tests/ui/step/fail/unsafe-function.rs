use orch::prelude::*;

#[step]
pub unsafe fn one() -> u8 {
    1
}

fn main() {}
