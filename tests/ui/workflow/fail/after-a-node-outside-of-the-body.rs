use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

#[step]
fn double(number: u32) -> u32 {
    number * 2
}

workflow! {
    Flow(numbers: Vec<u32>) -> Vec<u32> {
        rows = load();
        #[node(after = [rows])]
        all = for number in &numbers {
            #[node(after = [rows])]
            doubled = double(*number);
            doubled
        };
        all
    }
}

fn main() {}
