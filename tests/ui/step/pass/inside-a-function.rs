#![deny(warnings)]

use orch::prelude::*;

fn main() {
    struct Local;

    #[step]
    async fn fetch(local: &Local) -> u8 {
        let _ = local;
        1
    }

    drop(fetch(&Local));
}
