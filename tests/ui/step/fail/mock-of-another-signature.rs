use orch::prelude::*;

#[step]
async fn charge(card: &str, cents: u64, #[ctx] ctx: &StepCtx) -> Result<u64, std::fmt::Error> {
    let _ = (card, ctx);
    Ok(cents)
}

fn main() {
    let _ = charge::mock(|_card, cents| Ok(cents));
    let _ = charge::mock(|cents| Ok(cents));
    let _ = charge::mock(|_card, _cents| Ok("text"));
}
