//! Steps that others undo: with values by reference and by value, contexts, resources, retries, of other modules.

use orch::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reservation {
    id: u32,
}

#[derive(Debug, thiserror::Error)]
#[error("no")]
pub struct No;

pub struct Pool;

#[step(retries = 5, timeout = "10s")]
async fn release(
    outcome: Outcome<&Reservation>,
    items: &[String],
    who: String,
    #[ctx] ctx: &StepCtx,
    #[resource] pool: &Pool,
) -> Result<u32, No> {
    let _ = (items, who, ctx.attempt(), pool);
    outcome.done().map(|reservation| reservation.id).ok_or(No)
}

#[step(retries = 2, rate_limit("10/s", key = who), compensate = release)]
async fn reserve(items: &[String], who: String, #[resource] pool: &Pool) -> Result<Reservation, No> {
    let _ = (who, pool);
    Ok(Reservation { id: items.len() as u32 })
}

mod undo {
    use orch::prelude::*;

    /// Without an argument but the outcome.
    #[step]
    pub fn close(outcome: Outcome<&()>) {
        let _ = outcome.is_done();
    }

    #[step(blocking)]
    pub fn count_down(outcome: Outcome<u32>, r#type: u32) -> u32 {
        outcome.done().unwrap_or(r#type)
    }
}

#[step(compensate = undo::close)]
fn open() {}

#[step(compensate = self::undo::count_down, blocking, idempotent = false)]
fn count_up(r#type: u32) -> u32 {
    r#type
}

workflow! {
    Flow(items: Vec<String>, who: String) -> Result<(u32, u32), No> {
        open();
        counted = count_up(3);
        reserved = reserve(&items, who).or_else(reserve(&items, "nobody".to_owned()));
        (counted, reserved.id)
    }
}

workflow! {
    #[workflow(durable)]
    Kept(items: Vec<String>, who: String) -> Result<u32, No> {
        ids = for item in &items {
            reserved = reserve(&[item.clone()], who.clone());
            reserved.id
        };
        ids.len() as u32
    }
}

fn main() {
    let node = &Flow::GRAPH.spec().scope.nodes[2];
    let orch::plan::NodeKind::Call([orch::plan::Callee::Step(step), _]) = node.kind else {
        unreachable!("it has two tiers");
    };
    assert_eq!(step.compensation.map(|undo| undo.name), Some("release"));
    let _ = Kept::GRAPH;
}
