use orch::prelude::*;

use std::rc::Rc;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    Flow() -> Rc<u32> {
        number = load();
        Rc::new(number)
    }
}

fn main() {}
