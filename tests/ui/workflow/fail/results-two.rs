use orch::prelude::*;

#[step]
fn length(text: &str) -> usize {
    text.len()
}

workflow! {
    Flow(text: String) -> usize {
        length(&text)
        text.len()
    }
}

fn main() {}
