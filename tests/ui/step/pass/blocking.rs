#![deny(warnings)]

use orch::prelude::*;

#[step(blocking, retries = 2)]
pub fn read(path: std::path::PathBuf) -> std::io::Result<String> {
    std::fs::read_to_string(path)
}

#[step(blocking = false)]
pub fn count(text: &str) -> usize {
    text.len()
}

fn main() {}
