use orch::prelude::*;

pub struct Shop;

impl Shop {
    #[step]
    pub async fn open() -> Self {
        Self
    }
}

fn main() {}
