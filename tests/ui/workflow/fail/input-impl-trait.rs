use orch::prelude::*;

#[step]
fn length(text: &str) -> usize {
    text.len()
}

workflow! {
    Flow(text: impl AsRef<str>) -> usize {
        length(text.as_ref())
    }
}

fn main() {}
