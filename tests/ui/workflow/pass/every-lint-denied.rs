//! Steps and workflows under every lint.
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

use orch::prelude::*;

/// An order.
#[derive(Clone, Debug)]
pub struct Order {
    /// Its items.
    pub items: Vec<u32>,
    /// Whether it is urgent.
    pub express: bool,
}

#[step(retries = 2, timeout = "1s")]
async fn reserve(items: &[u32]) -> Result<u32, std::io::Error> {
    Ok(items.iter().sum())
}

#[step]
fn pack(item: u32) -> u32 {
    item * 10
}

#[step]
fn label(count: usize) -> String {
    count.to_string()
}

#[step]
fn unlock() {}

workflow! {
    /// Ships an order.
    #[workflow(version = "1.2.0", owner = "shipping", deadline = "10m")]
    pub Flow(order: Order) -> String {
        stock = reserve(&order.items).or_else(reserve(&[]));
        parcels = for item in &order.items { pack(*item) };
        #[node(after = [stock])]
        text = if order.express { label(parcels.len()) } else { label(0) };
        #[node(finally)]
        unlock();
        format!("{text}/{stock}")
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let order = Order { items: vec![1, 2], express: true };
    assert_eq!(runtime.block_on(Flow::run(order)).unwrap(), "2/3");
}
