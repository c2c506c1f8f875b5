use orch::prelude::*;

#[step]
fn length(text: String) -> usize {
    text.len()
}

workflow! {
    Flow(texts: Vec<String>) -> Vec<usize> {
        for text in &texts { length(text) }
    }
}

fn main() {}
