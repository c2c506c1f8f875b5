use orch::prelude::*;

#[step]
fn load(n: u32) -> u32 {
    n
}

workflow! { pub Inner(n: u32) -> u32 { load(n) } }

workflow! {
    pub Flow(n: u32) -> u32 {
        #[node(notify_human)]
        inner = Inner::run(n);
        inner
    }
}

fn main() {}
