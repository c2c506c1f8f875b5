use orch::prelude::*;

#[step(optional)]
fn tell(text: &str) -> usize {
    text.len()
}

fn main() {}
