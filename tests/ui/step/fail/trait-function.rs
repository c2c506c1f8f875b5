use orch::prelude::*;

pub trait Shop {
    #[step]
    fn fetch();
}

fn main() {}
