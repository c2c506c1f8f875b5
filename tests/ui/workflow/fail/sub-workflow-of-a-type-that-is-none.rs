use orch::prelude::*;

pub struct Inner;

impl Inner {
    pub fn run(number: u32) -> u32 {
        number
    }
}

workflow! {
    Flow(number: u32) -> u32 {
        Inner::run(number)
    }
}

fn main() {}
