use orch::prelude::*;

#[step]
fn shout(text: String) -> String {
    text.to_uppercase()
}

workflow! {
    Flow(name: String) -> String {
        hello = shout(format!("hello {nmae}"));
        format!("{name} {hello}")
    }
}

fn main() {}
