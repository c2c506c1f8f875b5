use orch::prelude::*;

#[step]
fn load() -> String {
    String::from("text")
}

#[step]
fn length(text: &str) -> usize {
    text.len()
}

workflow! {
    Flow() -> usize {
        text = load();
        alias = text;
        length(&alias)
    }
}

fn main() {}
