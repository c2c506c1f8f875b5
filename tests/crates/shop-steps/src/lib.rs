//! Steps and a workflow that other crates use.

use orch::prelude::*;

/// The price of an item, in cents.
#[step]
#[must_use]
pub fn price(item: &str) -> u64 {
    item.len() as u64 * 100
}

/// Steps in a module.
pub mod tax {
    use orch::prelude::*;

    /// A fifth on top.
    #[step]
    pub async fn with_tax(cents: u64) -> u64 {
        cents + cents / 5
    }
}

workflow! {
    /// The price of one item with its tax.
    #[workflow(version = "1.0.0", owner = "shop")]
    pub PriceOf(item: String) -> u64 {
        net = price(&item);
        tax::with_tax(net)
    }
}
