use orch::prelude::*;

#[step]
fn repeat(text: &str, times: usize) -> String {
    text.repeat(times)
}

workflow! {
    Flow(text: String, times: usize) -> String {
        repeat(times, &text)
    }
}

fn main() {}
