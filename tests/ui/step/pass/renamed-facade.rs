#![deny(warnings)]

extern crate orch as flow;

mod nested {
    pub use orch as inner;
}

#[flow::step(crate = flow, retries = 1)]
pub fn fetch() {}

#[flow::step(crate = crate::nested::inner, cache_ttl = 1)]
pub async fn refetch() -> u8 {
    1
}

fn main() {}
