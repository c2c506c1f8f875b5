use orch::prelude::*;

pub struct Report;

#[step]
fn write(text: &str) -> Report {
    let _ = text;
    Report
}

workflow! {
    pub Write(text: String) -> Report {
        write(&text)
    }
}

workflow! {
    #[workflow(durable)]
    pub Flow(text: String) {
        _report = Write::run(text);
    }
}

fn main() {}
