use orch::prelude::*;

#[step]
pub fn fetch(#[ctx] a: &StepCtx, #[ctx] b: &StepCtx) {
    let _ = (a, b);
}

fn main() {}
