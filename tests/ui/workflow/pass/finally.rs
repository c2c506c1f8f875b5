use orch::prelude::*;

use std::sync::Mutex;

static LOG: Mutex<Vec<String>> = Mutex::new(Vec::new());

#[step]
fn work(fail: bool) -> Result<u32, std::io::Error> {
    if fail { Err(std::io::Error::other("broken")) } else { Ok(1) }
}

#[step]
fn unlock(work: Outcome<&u32>, key: &str) {
    LOG.lock().unwrap().push(format!("{key} {}", work.as_str()));
}

#[step]
fn close() {
    LOG.lock().unwrap().push("close".to_owned());
}

workflow! {
    pub Flow(fail: bool, key: String) -> u32 {
        done = work(fail);
        #[node(finally)]
        unlocked = unlock(done, &key);
        #[node(finally, after = [unlocked])]
        close();
        done
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run(false, "k".to_owned()).await.unwrap(), 1);
    assert!(Flow::run(true, "k".to_owned()).await.is_err());
    assert_eq!(*LOG.lock().unwrap(), ["k done", "close", "k failed", "close"]);
}
