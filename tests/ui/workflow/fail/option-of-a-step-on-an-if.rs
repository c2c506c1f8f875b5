use orch::prelude::*;

#[step]
fn double(number: u32) -> u32 {
    number * 2
}

workflow! {
    Flow(number: u32) -> u32 {
        #[node(timeout = "1s")]
        doubled = if number > 3 { double(number) } else { double(3) };
        doubled
    }
}

fn main() {}
