use orch::prelude::*;

pub struct Fetch;

#[step]
impl Fetch {
    pub fn fetch() {}
}

fn main() {}
