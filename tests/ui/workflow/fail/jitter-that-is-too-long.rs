use orch::prelude::*;

#[step]
fn load(n: u32) -> u32 {
    n
}

workflow! {
    #[workflow(durable, schedule(cron = "*/15 * * * *", jitter = "20m"))]
    pub Flow() -> u32 {
        load(1)
    }
}

fn main() {}
