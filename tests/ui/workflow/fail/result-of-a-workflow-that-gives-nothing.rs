use orch::prelude::*;

#[step]
fn length(text: &str) -> usize {
    text.len()
}

workflow! {
    Flow(text: String) {
        length(&text)
    }
}

fn main() {}
