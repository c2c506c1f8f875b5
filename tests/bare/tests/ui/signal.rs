use orch::prelude::*;

#[step]
fn paid(approved: bool) -> u32 {
    u32::from(approved)
}

workflow! {
    Approval() -> u32 {
        approved = signal::<bool>();
        paid(approved)
    }
}

fn main() {}
