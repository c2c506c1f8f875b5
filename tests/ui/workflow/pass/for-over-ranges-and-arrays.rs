use orch::prelude::*;

#[step]
fn square(number: u32) -> u32 {
    number * number
}

#[step]
fn count() -> u32 {
    4
}

workflow! {
    pub Flow() -> (Vec<u32>, Vec<u32>, Vec<u32>) {
        most = count();
        open = for number in 0..most { square(number) };
        closed = for number in 1..=most { square(number) };
        listed = for number in [7, 8] { square(number) };
        (open, closed, listed)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let (open, closed, listed) = Flow::run().await.unwrap();
    assert_eq!(open, [0, 1, 4, 9]);
    assert_eq!(closed, [1, 4, 9, 16]);
    assert_eq!(listed, [49, 64]);
}
