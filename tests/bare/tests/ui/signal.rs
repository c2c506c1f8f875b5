use orch::prelude::*;

#[step]
fn paid(approved: Option<bool>) -> u32 {
    u32::from(approved == Some(true))
}

workflow! {
    Approval() -> u32 {
        approved = signal::<bool>();
        paid(approved)
    }
}

fn main() {}
