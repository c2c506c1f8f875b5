#![deny(warnings)]

use orch::prelude::*;

pub struct Client;

pub trait Mailer: Send + Sync {}

#[step]
pub async fn fetch(
    day: u8,
    #[resource] client: &Client,
    #[resource] mailer: &dyn Mailer,
    #[resource] backup: &(dyn Mailer + Send + Sync),
    #[ctx] ctx: &StepCtx,
) -> u8 {
    let _ = (client, ctx);
    std::future::ready(()).await;
    let _ = (mailer, backup);
    day
}

fn main() {}
