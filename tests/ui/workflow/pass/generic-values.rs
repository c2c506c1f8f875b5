use orch::prelude::*;

use std::collections::HashMap;

#[step]
fn group(words: Vec<String>) -> HashMap<String, Vec<usize>> {
    let mut groups: HashMap<String, Vec<usize>> = HashMap::new();
    for (idx, word) in words.into_iter().enumerate() {
        groups.entry(word).or_default().push(idx);
    }
    groups
}

#[step]
fn most(groups: &HashMap<String, Vec<usize>>) -> Option<(String, usize)> {
    let counted = groups.iter().map(|(word, places)| (word.clone(), places.len()));
    counted.max_by_key(|(_, count)| *count)
}

workflow! {
    pub Flow(words: Vec<String>) -> Option<(String, usize)> {
        groups = group(words);
        kinds = groups.len();
        found = most(&groups);
        match &found {
            Some((word, count)) if *count < kinds + 1 => Some((word.clone(), *count)),
            _ => None,
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let words = ["a", "b", "a"].map(str::to_owned).to_vec();
    assert_eq!(Flow::run(words).await.unwrap(), Some(("a".to_owned(), 2)));
}
