use orch::prelude::*;

#[step]
fn length(text: String) -> usize {
    text.len()
}

workflow! {
    Flow(text: String) -> usize {
        length(text.to_uper())
    }
}

fn main() {}
