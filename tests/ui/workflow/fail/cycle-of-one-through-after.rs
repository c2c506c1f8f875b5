use orch::prelude::*;

#[step]
fn clean(text: &str) -> String {
    text.trim().to_owned()
}

workflow! {
    Flow(text: String) -> String {
        #[node(after = [cleaned])]
        cleaned = clean(&text);
        cleaned
    }
}

fn main() {}
