use orch::prelude::*;

#[step]
fn load() -> Vec<u32> {
    vec![1, 2, 3, 4]
}

#[step]
fn limit() -> u32 {
    2
}

#[step]
fn sum(numbers: Vec<u32>) -> u32 {
    numbers.iter().sum()
}

workflow! {
    pub Flow() -> u32 {
        numbers = load();
        most = limit();
        sum(numbers.iter().copied().filter(|number| *number > most).collect())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run().await.unwrap(), 7);
    assert_eq!(Flow::GRAPH.edges().len(), 2);
}
