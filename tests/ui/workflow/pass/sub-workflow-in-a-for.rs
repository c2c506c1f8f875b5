use orch::prelude::*;

#[step]
fn double(number: u32) -> u32 {
    number * 2
}

workflow! {
    pub Double(number: u32) -> u32 {
        double(number)
    }
}

workflow! {
    pub Flow(numbers: Vec<u32>) -> Vec<u32> {
        for number in &numbers { Double::run(*number) }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run(vec![1, 2, 3]).await.unwrap(), [2, 4, 6]);
}
