use orch::prelude::*;

#[step]
fn load(n: u32) -> u32 {
    n
}

workflow! {
    #[workflow(durable, version = "1.2.0", compatible_with = ["1.1.0", "1.2.0"])]
    pub Flow(n: u32) -> u32 {
        load(n)
    }
}

fn main() {}
