use orch::prelude::*;

#[step]
fn send(bytes: &[u8]) -> usize {
    bytes.len()
}

workflow! {
    Flow(short: bool) -> usize {
        bytes = if short { vec![] } else { vec![1, 2] };
        send(&bytes)
    }
}

fn main() {}
