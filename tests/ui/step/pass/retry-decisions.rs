#![deny(warnings)]

use orch::prelude::*;
use std::time::Duration;

pub fn after(seconds: &u64) -> Retry {
    Retry::After(Duration::from_secs(*seconds))
}

pub mod decide {
    pub fn any<E>(_: &E) -> bool {
        true
    }
}

#[step(retries = 3, retry_if = after)]
pub async fn fetch() -> Result<(), u64> {
    Err(1)
}

#[step(retries = 3, retry_if = decide::any)]
pub fn refetch() -> Result<(), u64> {
    Err(1)
}

fn main() {}
