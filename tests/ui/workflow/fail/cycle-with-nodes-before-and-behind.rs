use orch::prelude::*;

#[step]
fn join(left: &str, right: &str) -> String {
    format!("{left}{right}")
}

workflow! {
    Flow(text: String) -> String {
        before = join(&text, "!");
        one = join(&before, &two);
        two = join(&one, "?");
        behind = join(&two, &before);
        behind.clone()
    }
}

fn main() {}
