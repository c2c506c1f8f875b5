use orch::prelude::*;

pub struct Token(u8);

#[step]
fn sign(page: u32, token: Token) -> u32 {
    page + u32::from(token.0)
}

workflow! {
    Flow(pages: Vec<u32>, token: Token) -> Vec<u32> {
        for page in &pages { sign(*page, token) }
    }
}

fn main() {}
