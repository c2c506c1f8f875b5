use orch::prelude::*;

#[step(checkpoint_after(expires = "2d", on_expire = cancel))]
fn review(text: &str) -> usize {
    text.len()
}

fn main() {}
