use orch::prelude::*;

#[step]
fn load() -> u32 {
    3
}

#[step]
fn sum(numbers: &[u32]) -> u32 {
    numbers.iter().sum()
}

workflow! {
    pub Flow() -> (u32, bool) {
        three = load();
        six = sum(&vec![*three, *three]);
        odd = matches!(three, 1 | 3 | 5);
        (six, odd)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run().await.unwrap(), (6, true));
}
