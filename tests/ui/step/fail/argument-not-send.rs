use orch::prelude::*;

use std::rc::Rc;

#[step]
pub fn fetch(day: Rc<u8>) -> u8 {
    *day
}

fn main() {}
