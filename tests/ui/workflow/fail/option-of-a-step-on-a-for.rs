use orch::prelude::*;

#[step]
fn double(number: u32) -> Result<u32, std::io::Error> {
    Ok(number * 2)
}

workflow! {
    Flow(numbers: Vec<u32>) -> Vec<u32> {
        #[node(retries = 3)]
        doubled = for number in &numbers { double(*number) };
        doubled
    }
}

fn main() {}
