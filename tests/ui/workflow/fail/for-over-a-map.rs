use orch::prelude::*;

use std::collections::HashMap;

#[step]
fn double(number: u32) -> u32 {
    number * 2
}

workflow! {
    Flow(stock: HashMap<String, u32>) -> Vec<u32> {
        for (_, count) in &stock { double(*count) }
    }
}

fn main() {}
