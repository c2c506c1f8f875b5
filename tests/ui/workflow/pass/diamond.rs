use orch::prelude::*;

#[step]
fn load() -> Vec<u32> {
    vec![3, 1, 2]
}

#[step]
fn least(numbers: &[u32]) -> u32 {
    numbers.iter().copied().min().unwrap_or(0)
}

#[step]
fn most(numbers: &[u32]) -> u32 {
    numbers.iter().copied().max().unwrap_or(0)
}

#[step]
fn spread(least: u32, most: u32) -> u32 {
    most - least
}

workflow! {
    pub Flow() -> u32 {
        numbers = load();
        low = least(&numbers);
        high = most(&numbers);
        spread(low, high)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run().await.unwrap(), 2);
    assert_eq!(Flow::GRAPH.width(), 2);
}
