use orch::prelude::*;

#[step]
fn load() -> Vec<u8> {
    vec![1, 2]
}

#[step]
fn sum(numbers: &[u8]) -> u8 {
    numbers.iter().sum()
}

workflow! {
    Flow() -> u8 {
        numbers = load();
        boxed = numbers.into_boxed_slice();
        sum(&boxed)
    }
}

fn main() {}
