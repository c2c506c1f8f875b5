use orch::prelude::*;

#[step]
fn length(text: &str) -> usize {
    text.len()
}

workflow! {
    Flow(text: std::borrow::Cow<'_, str>) -> usize {
        length(&text)
    }
}

fn main() {}
