use orch::prelude::*;

#[step]
fn weigh(part: u32, total: u32) -> u32 {
    part * 100 / total.max(1)
}

#[step]
fn sum(parts: &[u32]) -> u32 {
    parts.iter().sum()
}

workflow! {
    Flow(parts: Vec<u32>) -> u32 {
        shares = for part in &parts { weigh(*part, total) };
        total = sum(&shares);
        total
    }
}

fn main() {}
