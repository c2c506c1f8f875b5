use orch::prelude::*;

#[step]
fn load() -> String {
    String::new()
}

#[step]
fn count(letters: Vec<char>, from: usize) -> usize {
    letters.len() + from
}

workflow! {
    Flow(from: usize) -> usize {
        text = load();
        count(text, from)
    }
}

fn main() {}
