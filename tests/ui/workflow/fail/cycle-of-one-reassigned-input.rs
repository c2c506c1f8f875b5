use orch::prelude::*;

#[step]
fn clean(text: String) -> String {
    text.trim().to_owned()
}

workflow! {
    Flow(text: String) -> usize {
        text = clean(text);
        text.len()
    }
}

fn main() {}
