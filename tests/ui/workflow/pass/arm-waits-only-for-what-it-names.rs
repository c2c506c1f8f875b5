use orch::prelude::*;

use std::sync::atomic::{AtomicU32, Ordering};

static SLOW: AtomicU32 = AtomicU32::new(0);

#[step]
async fn fast() -> u32 {
    1
}

#[step]
async fn slow() -> u32 {
    SLOW.fetch_add(1, Ordering::Relaxed);
    std::future::pending().await
}

#[step]
fn keep(number: u32) -> u32 {
    number
}

workflow! {
    pub Flow(quick: bool) -> u32 {
        one = fast();
        two = slow();
        #[node(name = "kept")]
        kept = if quick { keep(one) } else { keep(two) };
        kept
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let graph = Flow::GRAPH;
    assert_eq!(graph.node("kept").unwrap().name(), "kept");
    let run = tokio::time::timeout(std::time::Duration::from_millis(50), Flow::run(false));
    assert!(run.await.is_err(), "the slow arm never ends");
    assert!(SLOW.load(Ordering::Relaxed) > 0);
}
