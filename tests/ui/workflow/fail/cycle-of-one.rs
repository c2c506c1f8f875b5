use orch::prelude::*;

#[step]
fn clean(text: &str) -> String {
    text.trim().to_owned()
}

workflow! {
    Flow() -> usize {
        text = clean(&text);
        text.len()
    }
}

fn main() {}
