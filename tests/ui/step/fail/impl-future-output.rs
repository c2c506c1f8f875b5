use orch::prelude::*;

#[step]
pub fn fetch() -> impl Future<Output = u8> {
    std::future::ready(1)
}

fn main() {}
