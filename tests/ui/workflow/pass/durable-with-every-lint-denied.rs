//! What is kept of runs, under every lint.
#![deny(warnings, clippy::all, clippy::pedantic, missing_docs, unused)]
#![deny(
    missing_debug_implementations,
    missing_copy_implementations,
    unreachable_pub,
    unused_qualifications,
    unused_lifetimes,
    elided_lifetimes_in_paths,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    let_underscore_drop,
    non_ascii_idents,
    unused_results,
    unused_import_braces,
    variant_size_differences
)]
#![forbid(unsafe_code)]

use std::time::Duration;

use orch::prelude::*;
use serde::{Deserialize, Serialize};

/// An order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
    /// Its items.
    pub items: Vec<u32>,
    /// How long it may wait.
    pub patience: Duration,
}

/// What somebody said.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Approval {
    /// Whether it may go on.
    pub granted: bool,
}

#[step]
fn release(outcome: Outcome<&u32>, items: &[u32]) {
    let _ = (outcome.is_done(), items.len());
}

#[step(retries = 2, timeout = "1s", compensate = release, checkpoint_after(expires = "1d", on_expire = approve))]
async fn reserve(items: &[u32]) -> Result<u32, std::io::Error> {
    Ok(items.iter().sum())
}

#[step]
fn pack(item: u32) -> u32 {
    item * 10
}

#[step]
fn turn(count: u32) -> ControlFlow<String, u32> {
    ControlFlow::Break(count.to_string())
}

workflow! {
    /// Ships an order.
    #[workflow(version = "1.2.0", durable, max_active_runs = 2, overlap = skip, priority = 80)]
    pub Flow(order: Order) -> String {
        stock = reserve(&order.items).or_else(reserve(&[]));
        #[node(key = item)]
        parcels = for item in &order.items { pack(*item) };
        approval = signal::<Approval>(timeout = "3d");
        patience = sleep(order.patience);
        day = sleep("1d");
        #[node(after = [patience, day], transient)]
        text = turn(stock).repeat(max = 3);
        #[node(allow_skip = "it has no label")]
        label = turn(stock).repeat(max = 3, every = "1h");
        granted = approval.is_some_and(|approval| approval.granted);
        format!("{text}/{label:?}/{granted}/{}", parcels.len())
    }
}

fn main() {
    assert_eq!(Flow::approval.node(), "approval");
}
