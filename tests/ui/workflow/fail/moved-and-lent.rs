use orch::prelude::*;

#[step]
fn load() -> String {
    String::from("text")
}

#[step]
fn length(text: String) -> usize {
    text.len()
}

#[step]
fn words(text: &str) -> usize {
    text.split(' ').count()
}

workflow! {
    Flow() -> usize {
        text = load();
        letters = length(text);
        count = words(&text);
        letters + count
    }
}

fn main() {}
