use orch::prelude::*;

#[step]
fn classify(text: &str) -> Option<u32> {
    text.parse().ok()
}

#[step]
fn double(number: u32) -> u32 {
    number * 2
}

workflow! {
    pub Flow(text: String) -> u32 {
        match classify(&text) {
            Some(number) => double(*number),
            None => double(21),
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run("4".to_owned()).await.unwrap(), 8);
    assert_eq!(Flow::run("x".to_owned()).await.unwrap(), 42);
}
