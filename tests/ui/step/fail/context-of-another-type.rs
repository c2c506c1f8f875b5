use orch::prelude::*;

#[step]
pub fn fetch(#[ctx] ctx: &String) {
    let _ = ctx;
}

fn main() {}
