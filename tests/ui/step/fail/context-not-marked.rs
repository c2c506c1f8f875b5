use orch::prelude::*;

#[step]
pub fn fetch(ctx: &StepCtx) {
    let _ = ctx;
}

fn main() {}
