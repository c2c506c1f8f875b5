use orch::prelude::*;

#[step]
fn sweep() {}

workflow! {
    #[workflow(durable, version = "1.0.0", schedule("0 6 * * *", time_zone = "UTC"))]
    Nightly() {
        sweep();
    }
}

fn main() {}
