use orch::prelude::*;

#[step]
fn length(text: String) -> usize {
    text.len()
}

#[step]
fn words(text: String) -> usize {
    text.split(' ').count()
}

workflow! {
    Flow(text: String) -> usize {
        letters = length(text);
        count = words(text);
        letters + count
    }
}

fn main() {}
