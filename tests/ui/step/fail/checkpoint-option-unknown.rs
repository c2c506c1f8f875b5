use orch::prelude::*;

#[step(checkpoint_after(aprovers = ["legal"]))]
fn review(text: &str) -> usize {
    text.len()
}

fn main() {}
