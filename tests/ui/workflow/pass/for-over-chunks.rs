use orch::prelude::*;

#[step]
fn sum(numbers: &[u32]) -> u32 {
    numbers.iter().sum()
}

workflow! {
    pub Flow(numbers: Vec<u32>) -> Vec<u32> {
        for page in numbers.chunked(2) { sum(page) }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run(vec![1, 2, 3, 4, 5]).await.unwrap(), [3, 7, 5]);
}
