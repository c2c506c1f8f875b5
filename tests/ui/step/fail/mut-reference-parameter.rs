use orch::prelude::*;

#[step]
pub fn push(list: &mut Vec<u8>) {
    list.push(1);
}

fn main() {}
