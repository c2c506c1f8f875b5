use orch::prelude::*;

#[step]
pub fn count() -> impl Iterator<Item = u8> {
    0..3
}

fn main() {}
