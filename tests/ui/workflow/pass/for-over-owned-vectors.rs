use orch::prelude::*;

#[step]
fn load() -> Vec<String> {
    vec!["a".to_owned(), "bc".to_owned()]
}

#[step]
fn length(text: String) -> usize {
    text.len()
}

workflow! {
    pub Flow() -> Vec<usize> {
        texts = load();
        for text in texts { length(text) }
    }
}

workflow! {
    pub Straight() -> usize {
        lengths = for text in load() { length(text) };
        lengths.iter().sum::<usize>()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run().await.unwrap(), [1, 2]);
    assert_eq!(Straight::run().await.unwrap(), 3);
}
