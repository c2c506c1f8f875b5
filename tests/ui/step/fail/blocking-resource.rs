use orch::prelude::*;

#[step(blocking)]
fn fetch(#[resource] text: &String) -> usize {
    text.len()
}

fn main() {}
