use orch::prelude::*;

#[step]
fn load() -> String {
    "abc".to_owned()
}

#[step]
fn length(text: &str) -> usize {
    text.len()
}

#[step]
fn shout(text: String) -> String {
    text.to_uppercase()
}

workflow! {
    pub Flow() -> (usize, String, String) {
        text = load();
        letters = length(&text);
        shouted = shout(text.clone());
        (letters, shouted, text.clone())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let expected = (3, "ABC".to_owned(), "abc".to_owned());
    assert_eq!(Flow::run().await.unwrap(), expected);
}
