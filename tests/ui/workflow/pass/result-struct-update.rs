use orch::prelude::*;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    pub depth: u32,
    pub width: u32,
}

#[step]
fn base() -> Settings {
    Settings { depth: 1, width: 2 }
}

#[step]
fn depth() -> u32 {
    9
}

workflow! {
    pub Flow() -> Settings {
        base = base();
        depth = depth();
        Settings { depth, ..base }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run().await.unwrap(), Settings { depth: 9, width: 2 });
}
