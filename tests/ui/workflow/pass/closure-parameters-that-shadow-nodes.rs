use orch::prelude::*;

#[step]
fn load() -> Vec<u32> {
    vec![1, 2, 3]
}

#[step]
fn sum(numbers: Vec<u32>) -> u32 {
    numbers.iter().sum()
}

workflow! {
    pub Flow() -> u32 {
        number = sum(numbers.iter().map(|number| number * 10).collect());
        numbers = load();
        number
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run().await.unwrap(), 60);
}
