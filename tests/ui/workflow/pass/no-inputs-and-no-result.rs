use orch::prelude::*;

use std::sync::atomic::{AtomicU32, Ordering};

static COUNT: AtomicU32 = AtomicU32::new(0);

#[step]
fn count() {
    COUNT.fetch_add(1, Ordering::Relaxed);
}

workflow! {
    pub Flow() {
        count();
        again = count();
        #[node(after = [again])]
        count();
    }
}

workflow! {
    pub Nothing() {}
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    Flow::run().await.unwrap();
    Nothing::run().await.unwrap();
    assert_eq!(COUNT.load(Ordering::Relaxed), 3);
}
