use orch::prelude::*;

use std::sync::atomic::{AtomicU32, Ordering};

static ATTEMPTS: AtomicU32 = AtomicU32::new(0);

#[step]
fn load() -> String {
    "abc".to_owned()
}

#[step(retries = 2, backoff = "1ms..1ms")]
fn send(text: String) -> Result<usize, std::io::Error> {
    match ATTEMPTS.fetch_add(1, Ordering::Relaxed) {
        0 | 1 => Err(std::io::Error::other("not yet")),
        _ => Ok(text.len()),
    }
}

workflow! {
    pub Flow() -> usize {
        text = load();
        send(text)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run().await.unwrap(), 3);
    assert_eq!(ATTEMPTS.load(Ordering::Relaxed), 3);
}
