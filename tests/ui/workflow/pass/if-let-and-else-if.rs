use orch::prelude::*;

#[step]
fn find(id: u32) -> Option<String> {
    (id > 0).then(|| "x".repeat(id as usize))
}

#[step]
fn shout(text: &str) -> String {
    text.to_uppercase()
}

#[step]
fn guess(id: u32) -> String {
    format!("guess {id}")
}

workflow! {
    pub Flow(id: u32, fallback: u32) -> String {
        found = find(id);
        if let Some(text) = &found && text.len() < 3 {
            shout(text)
        } else if fallback > 5 {
            guess(fallback)
        } else {
            doubled = guess(fallback);
            again = shout(&doubled);
            again
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run(2, 0).await.unwrap(), "XX");
    assert_eq!(Flow::run(4, 9).await.unwrap(), "guess 9");
    assert_eq!(Flow::run(0, 1).await.unwrap(), "GUESS 1");
}
