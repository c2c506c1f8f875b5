use orch::prelude::*;

#[step]
fn add(left: u32, right: u32, #[ctx] ctx: &StepCtx) -> u32 {
    left + right + ctx.attempt()
}

workflow! {
    Flow(number: u32) -> u32 {
        add(number)
    }
}

fn main() {}
