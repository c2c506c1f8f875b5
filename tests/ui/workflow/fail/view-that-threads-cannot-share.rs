use orch::prelude::*;

use std::rc::Rc;

#[step]
async fn double(number: u32) -> u32 {
    number * 2
}

workflow! {
    Flow(number: u32) -> u32 {
        shared = Rc::new(number);
        double(*shared)
    }
}

fn main() {}
