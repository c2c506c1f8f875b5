use orch::prelude::*;

#[step]
fn pair(left: &str, right: &str) -> String {
    format!("{left}{right}")
}

workflow! {
    Flow(text: String) -> String {
        hen = pair(&text, &egg);
        egg = pair(&text, &hen);
        day = pair(&text, &night);
        night = pair(&text, &day);
        pair(&egg, &night)
    }
}

fn main() {}
