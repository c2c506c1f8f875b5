use orch::prelude::*;

#[step]
fn note(text: &str) -> String {
    text.to_owned()
}

workflow! {
    Audit(text: String) -> String {
        note(&text)
    }
}

workflow! {
    Flow() -> usize {
        audited = Audit::run(charged.clone());
        charged = note(&audited);
        charged.len()
    }
}

fn main() {}
