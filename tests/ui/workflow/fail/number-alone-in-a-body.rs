use orch::prelude::*;

#[step]
fn sum(numbers: &[f32]) -> f32 {
    numbers.iter().sum()
}

workflow! {
    Flow(names: Vec<String>) -> f32 {
        weights = for name in &names {
            if name.is_empty() { 0.5 } else { 1.5 }
        };
        sum(&weights)
    }
}

fn main() {}
