use orch::prelude::*;

#[step(checkpoint_after = "legal")]
fn review(text: &str) -> usize {
    text.len()
}

fn main() {}
