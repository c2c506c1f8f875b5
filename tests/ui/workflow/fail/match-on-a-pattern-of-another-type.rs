use orch::prelude::*;

#[step]
fn cost(base: u32) -> u32 {
    base
}

workflow! {
    Flow(kind: u32) -> u32 {
        match kind {
            "post" => cost(4),
            _ => cost(12),
        }
    }
}

fn main() {}
