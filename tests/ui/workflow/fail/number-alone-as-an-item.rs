use orch::prelude::*;

#[step]
fn sum(numbers: &[u8]) -> u8 {
    numbers.iter().sum()
}

workflow! {
    Flow() -> u8 {
        pages = 0..3;
        numbers = for page in pages { page * 2 };
        sum(&numbers)
    }
}

fn main() {}
