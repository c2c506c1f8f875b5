use orch::prelude::*;

#[step]
fn clean(text: &str) -> String {
    text.trim().to_owned()
}

workflow! {
    Flow() -> String {
        text = clean(&text);
        text
    }
}

fn main() {}
