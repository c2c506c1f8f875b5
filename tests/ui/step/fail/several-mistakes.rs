use orch::prelude::*;

#[step(retires = 3, timeout = "10 parsecs", name = "Bad Name")]
pub async fn fetch((a, b): (u8, u8), text: &str, #[ctx] ctx: StepCtx) -> &str {
    let _ = (a, b, ctx);
    text
}

fn main() {}
