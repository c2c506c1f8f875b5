use orch::prelude::*;

pub struct Receipt {
    pub total: u64,
}

#[step]
fn length(text: &str) -> usize {
    text.len()
}

workflow! {
    Flow(text: String) -> Receipt {
        total = length(&text);
        Receipt { total }
    }
}

fn main() {}
