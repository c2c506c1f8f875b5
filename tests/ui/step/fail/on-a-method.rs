use orch::prelude::*;

pub struct Shop;

impl Shop {
    #[step]
    pub async fn fetch(&self) {}
}

fn main() {}
