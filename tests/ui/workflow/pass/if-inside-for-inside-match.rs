use orch::prelude::*;

#[step]
fn double(number: u32) -> u32 {
    number * 2
}

workflow! {
    pub Flow(mode: u8, numbers: Vec<u32>) -> Vec<u32> {
        match mode {
            0 => for number in &numbers {
                if *number > 1 { double(*number) } else { double(0) }
            },
            _ => {
                first = double(1);
                vec![*first]
            }
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run(0, vec![1, 2]).await.unwrap(), [0, 4]);
    assert_eq!(Flow::run(1, vec![1, 2]).await.unwrap(), [2]);
}
