use orch::prelude::*;

#[step]
fn count(words: Vec<String>) -> usize {
    words.len()
}

#[step]
fn split(text: &str, most: usize) -> Vec<String> {
    text.split(' ').take(most).map(str::to_owned).collect()
}

workflow! {
    Flow(text: String) -> usize {
        words = split(&text, long);
        long = count(text.split(' ').filter(|word| words.contains(&(*word).to_owned())).map(str::to_owned).collect());
        long
    }
}

fn main() {}
