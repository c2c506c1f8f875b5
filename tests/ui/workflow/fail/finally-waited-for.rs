use orch::prelude::*;

#[step]
fn unlock() -> u32 {
    1
}

#[step]
fn double(number: u32) -> u32 {
    number * 2
}

workflow! {
    Flow(number: u32) -> u32 {
        #[node(finally)]
        unlock();
        #[node(finally)]
        released = unlock();
        #[node(after = [released])]
        doubled = double(number);
        doubled
    }
}

fn main() {}
