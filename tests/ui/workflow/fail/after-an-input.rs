use orch::prelude::*;

#[step]
fn note() -> u32 {
    2
}

workflow! {
    Flow(rows: u32) -> u32 {
        #[node(after = [rows])]
        noted = note();
        noted + rows
    }
}

fn main() {}
