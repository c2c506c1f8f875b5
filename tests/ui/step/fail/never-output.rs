use orch::prelude::*;

#[step]
pub fn stop() -> ! {
    std::process::exit(1)
}

fn main() {}
