use orch::prelude::*;

#[step]
pub fn show(value: impl ToString + Send) -> String {
    value.to_string()
}

fn main() {}
