use orch::prelude::*;

#[step]
pub fn show<T: ToString + Send>(value: T) -> String {
    value.to_string()
}

fn main() {}
