use orch::prelude::*;

#[step]
pub fn first(text: &str) -> &str {
    &text[..1]
}

fn main() {}
