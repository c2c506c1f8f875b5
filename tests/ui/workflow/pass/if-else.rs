use orch::prelude::*;

use std::sync::atomic::{AtomicU32, Ordering};

static COURIERS: AtomicU32 = AtomicU32::new(0);

#[step]
fn weigh(order: &str) -> usize {
    order.len()
}

#[step]
fn courier(weight: usize) -> String {
    COURIERS.fetch_add(1, Ordering::Relaxed);
    format!("courier {weight}")
}

#[step]
fn post(weight: usize) -> String {
    format!("post {weight}")
}

workflow! {
    pub Flow(order: String, express: bool) -> String {
        weight = weigh(&order);
        label = if express && weight < 10 { courier(weight) } else { post(weight) };
        label
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run("abc".to_owned(), true).await.unwrap(), "courier 3");
    assert_eq!(Flow::run("abc".to_owned(), false).await.unwrap(), "post 3");
    assert_eq!(COURIERS.load(Ordering::Relaxed), 1);
}
