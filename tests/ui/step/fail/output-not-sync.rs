use orch::prelude::*;

use std::cell::Cell;

#[step]
pub fn fetch() -> Result<Cell<u8>, String> {
    Ok(Cell::new(1))
}

fn main() {}
