use orch::prelude::*;

#[step]
fn double(cx: u32) -> u32 {
    cx * 2
}

workflow! {
    pub Flow(cx: u32, error: u32, items: Vec<u32>) -> u32 {
        taken = double(cx);
        item = double(taken + error);
        slot = for cx in &items { double(*cx) };
        item + slot.len() as u32
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run(1, 2, vec![3]).await.unwrap(), 9);
}
