use orch::prelude::*;

#[step]
fn halve(number: u32) -> u32 {
    number / 2
}

workflow! {
    Ping(number: u32) -> u32 {
        half = halve(number);
        Pong::run(half)
    }
}

workflow! {
    Pong(number: u32) -> u32 {
        half = halve(number);
        Ping::run(half)
    }
}

fn main() {}
