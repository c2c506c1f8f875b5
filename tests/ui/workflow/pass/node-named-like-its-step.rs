use orch::prelude::*;

#[step]
fn rates(day: u32) -> u32 {
    day * 2
}

#[step]
fn quote(rates: &u32) -> u32 {
    rates + 1
}

workflow! {
    pub Flow(day: u32) -> u32 {
        rates = rates(day);
        quote = quote(&rates);
        quote
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run(4).await.unwrap(), 9);
}
