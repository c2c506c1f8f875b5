use orch::prelude::*;

use std::cell::RefCell;

#[step]
async fn read(number: &RefCell<u32>) -> u32 {
    *number.borrow()
}

workflow! {
    Flow(number: u32) -> u32 {
        read(&RefCell::new(number))
    }
}

fn main() {}
