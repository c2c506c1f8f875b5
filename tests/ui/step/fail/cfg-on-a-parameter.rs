use orch::prelude::*;

#[step]
pub fn fetch(#[cfg(unix)] user: u8) -> u8 {
    user
}

fn main() {}
