use orch::prelude::*;

#[step]
fn greet(text: String) -> String {
    text
}

workflow! {
    Flow(name: String) -> usize {
        hello = greet(format!("{name}, {goodbye}"));
        goodbye = greet(format!("not {}", hello));
        goodbye.len()
    }
}

fn main() {}
