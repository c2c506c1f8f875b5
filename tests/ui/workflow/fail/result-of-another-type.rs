use orch::prelude::*;

#[step]
fn length(text: &str) -> usize {
    text.len()
}

workflow! {
    Flow(text: String) -> String {
        count = length(&text);
        count
    }
}

fn main() {}
