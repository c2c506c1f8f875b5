use orch::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub struct Approval {
    by: String,
}

#[step]
fn ship(approval: &Option<Approval>) -> usize {
    approval.as_ref().map_or(0, |approval| approval.by.len())
}

#[step]
fn remind(order: u32) -> u32 {
    order
}

workflow! {
    pub Flow(order: u32) -> usize {
        remind(order);
        ship(&signal::<Approval>())
    }
}

fn main() {}
