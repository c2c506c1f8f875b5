use orch::prelude::*;

#[step]
fn start() -> u32 {
    1
}

#[step]
fn double(number: u32) -> u32 {
    number * 2
}

workflow! {
    pub Flow() -> u32 {
        last = double(middle);
        middle = double(first);
        first = start();
        last
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run().await.unwrap(), 4);
}
