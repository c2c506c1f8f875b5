use orch::prelude::*;

#[step]
fn length(text: &str) -> usize {
    text.len()
}

workflow! {
    Flow(text: &str) -> usize {
        length(text)
    }
}

fn main() {}
