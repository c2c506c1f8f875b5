use orch::prelude::*;

#[step]
fn trim(text: &str) -> String {
    text.trim().to_owned()
}

#[step]
async fn shout(text: String) -> String {
    text.to_uppercase()
}

workflow! {
    pub Flow(text: String) -> String {
        trimmed = trim(&text);
        shouted = shout(trimmed);
        shouted
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let shouted = Flow::run("  hello ".to_owned()).await.unwrap();
    assert_eq!(shouted, "HELLO");
}
