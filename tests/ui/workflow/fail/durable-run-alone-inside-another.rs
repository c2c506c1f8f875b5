use orch::prelude::*;

#[step]
fn same(n: u32) -> u32 {
    n
}

workflow! {
    #[workflow(durable)]
    pub Inner(n: u32) -> u32 {
        same(n)
    }
}

workflow! {
    pub Flow(n: u32) -> u32 {
        Inner::run(n)
    }
}

fn main() {
    let _ = Flow::run(1);
}
