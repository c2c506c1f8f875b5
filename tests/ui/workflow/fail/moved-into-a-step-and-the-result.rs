use orch::prelude::*;

#[step]
fn length(text: String) -> usize {
    text.len()
}

workflow! {
    Flow(text: String) -> (String, usize) {
        count = length(text);
        (text, count)
    }
}

fn main() {}
