#![deny(warnings)]

use orch::prelude::*;

#[derive(Debug)]
pub struct Failed;

#[step]
pub async fn fetch() -> Result<u8, Failed> {
    Err(Failed)
}

#[step]
pub fn price() {}

#[step]
pub fn notify() -> Result<(), Failed> {
    Ok(())
}

fn main() {}
