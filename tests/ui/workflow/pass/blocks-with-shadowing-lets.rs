use orch::prelude::*;

#[step]
fn load() -> Vec<u32> {
    vec![1, 2, 3]
}

#[step]
fn sum(numbers: &[u32]) -> u32 {
    numbers.iter().sum()
}

workflow! {
    pub Flow() -> (u32, u32) {
        total = sum({
            let total = &numbers[1..];
            total
        });
        numbers = load();
        first = {
            let numbers = numbers[0];
            if let Some(total) = numbers.checked_add(10) { total } else { 0 }
        };
        (total, first)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run().await.unwrap(), (5, 11));
}
