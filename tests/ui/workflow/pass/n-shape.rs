use orch::prelude::*;

#[step]
fn left() -> u32 {
    1
}

#[step]
fn right() -> u32 {
    10
}

#[step]
fn only_left(left: &u32) -> u32 {
    left * 2
}

#[step]
fn both(left: &u32, right: &u32) -> u32 {
    left + right
}

workflow! {
    pub Flow() -> (u32, u32) {
        a = left();
        b = right();
        c = only_left(&a);
        d = both(&a, &b);
        (c, d)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run().await.unwrap(), (2, 11));
}
