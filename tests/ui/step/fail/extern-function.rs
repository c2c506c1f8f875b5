use orch::prelude::*;

#[step]
pub extern "C" fn one() -> u8 {
    1
}

fn main() {}
