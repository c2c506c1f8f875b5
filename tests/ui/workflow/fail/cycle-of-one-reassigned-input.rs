use orch::prelude::*;

#[step]
fn clean(text: String) -> String {
    text.trim().to_owned()
}

workflow! {
    Flow(text: String) -> String {
        text = clean(text);
        text
    }
}

fn main() {}
