use orch::prelude::*;

#[step(blocking)]
fn fetch(text: &str) -> usize {
    text.len()
}

fn main() {}
