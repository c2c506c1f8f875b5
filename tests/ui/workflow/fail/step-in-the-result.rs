use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

pub struct Report {
    pub rows: u32,
}

workflow! {
    Flow() -> Report {
        Report { rows: load() }
    }
}

fn main() {}
