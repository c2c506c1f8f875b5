use orch::prelude::*;

#[step]
pub fn show<'a>(value: &'a str) -> String {
    value.to_owned()
}

fn main() {}
