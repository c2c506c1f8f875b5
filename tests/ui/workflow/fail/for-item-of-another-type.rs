use orch::prelude::*;

#[step]
fn length(text: &str) -> usize {
    text.len()
}

workflow! {
    Flow(numbers: Vec<u32>) -> Vec<usize> {
        for number in &numbers { length(number) }
    }
}

fn main() {}
