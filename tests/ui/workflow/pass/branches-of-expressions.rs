use orch::prelude::*;

#[step]
fn load(page: u32) -> u32 {
    page
}

workflow! {
    pub Flow(page: u32) -> (u32, &'static str) {
        rows = load(page);
        capped = if rows > 10 { 10 } else { rows };
        word = match rows % 2 {
            0 => "even",
            _ => "odd",
        };
        (capped, word)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run(12).await.unwrap(), (10, "even"));
    assert_eq!(Flow::run(3).await.unwrap(), (3, "odd"));
}
