use orch::prelude::*;

use std::cell::Cell;

#[step]
fn load() -> Cell<u32> {
    Cell::new(1)
}

#[step]
fn read(number: &Cell<u32>) -> u32 {
    number.get()
}

#[step]
fn add(left: u32, right: u32) -> u32 {
    left + right
}

workflow! {
    Flow() -> u32 {
        number = load();
        one = read(&number);
        two = read(&number);
        add(one, two)
    }
}

fn main() {}
