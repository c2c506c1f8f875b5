#![deny(warnings)]

use orch::prelude::*;

pub mod shop {
    pub type Result<T> = std::result::Result<T, String>;
}

pub type Result = std::result::Result<u8, String>;

#[step]
pub fn read() -> std::io::Result<String> {
    std::fs::read_to_string("Cargo.toml")
}

#[step]
pub async fn sell() -> shop::Result<Vec<u8>> {
    Ok(vec![])
}

#[step]
pub async fn plain() -> Result {
    Ok(1)
}

fn main() {}
