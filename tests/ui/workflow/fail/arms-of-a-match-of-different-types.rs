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
    Flow(kind: u8) -> u32 {
        label = match kind {
            0 => number(),
            1 => text(),
            _ => number(),
        };
        label
    }
}

fn main() {}
