use orch::prelude::*;

#[step]
fn shorten(text: &str) -> String {
    text.chars().skip(1).collect()
}

workflow! {
    Flow() -> usize {
        first = shorten(&third);
        second = shorten(&first);
        third = shorten(&second);
        third.len()
    }
}

fn main() {}
