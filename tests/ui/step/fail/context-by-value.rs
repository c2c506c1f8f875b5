use orch::prelude::*;

#[step]
pub fn fetch(#[ctx] ctx: StepCtx) {
    let _ = ctx;
}

fn main() {}
