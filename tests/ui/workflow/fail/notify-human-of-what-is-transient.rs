use orch::prelude::*;

#[step]
fn load(n: u32) -> u32 {
    n
}

workflow! {
    #[workflow(durable)]
    pub Flow(n: u32) -> u32 {
        #[node(transient, notify_human)]
        loaded = load(n);
        loaded
    }
}

fn main() {}
