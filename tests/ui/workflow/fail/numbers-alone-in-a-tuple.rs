use orch::prelude::*;

#[step]
fn page(first: u64, count: u8) -> u64 {
    first + u64::from(count)
}

workflow! {
    Flow(number: Option<u64>) -> u64 {
        range = match number {
            Some(number) => (number, 10),
            None => (0, 20),
        };
        page(range.0, range.1)
    }
}

fn main() {}
