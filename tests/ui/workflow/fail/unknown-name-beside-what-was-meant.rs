use orch::prelude::*;

#[step]
fn fetch(n: u32) -> u32 {
    n + 1
}

#[step]
fn mix(parts: [u32; 2], weight: u32) -> u32 {
    parts[0] * weight + parts[1]
}

workflow! {
    Mix(n: u32) -> u32 {
        low = fetch(n);
        high = fetch(n + 1);
        mix([low, high], hihg)
    }
}

fn main() {}
