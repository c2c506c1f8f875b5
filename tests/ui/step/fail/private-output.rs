#![allow(private_interfaces)]

struct Rates;

pub mod rates {
    use orch::prelude::*;

    #[step]
    pub fn fetch() -> super::Rates {
        super::Rates
    }
}

fn main() {}
