use orch::prelude::*;

use std::sync::Mutex;

static LOG: Mutex<Vec<&str>> = Mutex::new(Vec::new());

#[step]
async fn reserve() -> u32 {
    tokio::task::yield_now().await;
    LOG.lock().unwrap().push("reserve");
    1
}

#[step]
fn charge() -> u32 {
    LOG.lock().unwrap().push("charge");
    2
}

#[step]
fn log() {
    LOG.lock().unwrap().push("log");
}

workflow! {
    pub Flow() -> u32 {
        #[node(after = [stock])]
        charged = charge();
        stock = reserve();
        #[node(after = [charged, stock_seen])]
        log();
        #[node(after = [stock])]
        stock_seen = charge();
        charged
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run().await.unwrap(), 2);
    assert_eq!(*LOG.lock().unwrap(), ["reserve", "charge", "charge", "log"]);
}
