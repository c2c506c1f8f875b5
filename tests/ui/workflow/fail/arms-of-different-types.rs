use orch::prelude::*;

#[step]
fn number() -> u32 {
    1
}

#[step]
fn text() -> String {
    String::from("one")
}

workflow! {
    Flow(short: bool) -> String {
        label = if short { number() } else { text() };
        format!("{label}")
    }
}

fn main() {}
