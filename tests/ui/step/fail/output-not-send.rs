use orch::prelude::*;

use std::rc::Rc;

#[step]
pub fn fetch() -> Rc<u8> {
    Rc::new(1)
}

fn main() {}
