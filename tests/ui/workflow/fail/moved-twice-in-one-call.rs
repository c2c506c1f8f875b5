use orch::prelude::*;

#[step]
fn join(left: String, right: String) -> String {
    left + &right
}

workflow! {
    Flow(text: String) -> String {
        join(text, text)
    }
}

fn main() {}
