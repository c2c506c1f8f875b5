use orch::prelude::*;

/// What the value of a length names is no part of the type.
#[step]
fn zeros(_n: u32) -> [u8; size_of::<&str>()] {
    [0; size_of::<&str>()]
}

#[step]
fn sum(bytes: [u8; size_of::<&str>()]) -> u32 {
    bytes.iter().map(|&byte| u32::from(byte)).sum()
}

workflow! {
    Sum(n: u32) -> u32 {
        bytes = zeros(n);
        sum(bytes)
    }
}

fn main() {}
