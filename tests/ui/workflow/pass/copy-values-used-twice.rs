use orch::prelude::*;

#[step]
fn load() -> u32 {
    3
}

#[step]
fn multiply(left: u32, right: u32) -> u32 {
    left * right
}

workflow! {
    pub Flow(factor: u32) -> (u32, u32, u32) {
        number = load();
        square = multiply(number, number);
        scaled = multiply(number, factor);
        (square, scaled, factor)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run(5).await.unwrap(), (9, 15, 5));
}
