use orch::prelude::*;

#[step(blocking)]
fn crunch(rows: Outcome<&Vec<u64>>) -> u64 {
    rows.done().map_or(0, |rows| rows.iter().sum())
}

fn main() {}
