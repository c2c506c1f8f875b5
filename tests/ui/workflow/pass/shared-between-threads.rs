use orch::prelude::*;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

#[step]
async fn bump(counter: Arc<AtomicU32>) -> u32 {
    tokio::task::yield_now().await;
    counter.fetch_add(1, Ordering::Relaxed)
}

workflow! {
    pub Flow(counter: Arc<AtomicU32>) -> usize {
        all = for _ in 0..64 { bump(counter.clone()) };
        all.len()
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let counter = Arc::new(AtomicU32::new(0));
    assert_eq!(Flow::run(Arc::clone(&counter)).await.unwrap(), 64);
    assert_eq!(counter.load(Ordering::Relaxed), 64);
}
