use orch::prelude::*;

#[step]
fn double(number: u32) -> Result<u32, std::io::Error> {
    Ok(number * 2)
}

workflow! {
    Flow(numbers: Vec<u32>) -> usize {
        #[node(tolerate = "500%")]
        doubled = for number in &numbers { double(*number) };
        doubled.len()
    }
}

fn main() {}
