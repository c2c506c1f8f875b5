use orch::prelude::*;

#[step]
fn load() -> String {
    String::from("text")
}

workflow! {
    Flow() -> &str {
        text = load();
        text.as_str()
    }
}

fn main() {}
