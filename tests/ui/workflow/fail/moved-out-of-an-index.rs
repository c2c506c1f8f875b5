use orch::prelude::*;

#[step]
fn length(text: String) -> usize {
    text.len()
}

workflow! {
    Flow(texts: Vec<String>) -> usize {
        length(texts[0])
    }
}

fn main() {}
