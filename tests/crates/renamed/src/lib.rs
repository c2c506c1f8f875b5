//! A crate that knows Orch under another name, without the prelude, of another edition, and with every lint denied.
#![no_implicit_prelude]
#![deny(
    warnings,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unused,
    rust_2018_idioms,
    nonstandard_style,
    future_incompatible,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

use ::std::borrow::ToOwned as _;
use ::std::clone::Clone as _;
use ::std::iter::Iterator as _;
use ::std::string::String;
use ::std::vec::Vec;

use ::shop_steps::{price, tax, PriceOf};
use ::workflows::{step, workflow, NodeError, Outcome};

/// The sum of some prices.
#[step(crate = ::workflows, retries = 1)]
#[must_use]
pub fn sum(prices: &[u64]) -> u64 {
    prices.iter().sum()
}

/// What a receipt says.
#[step(crate = ::workflows)]
fn receipt(total: Outcome<&u64>, name: &str) -> ::std::result::Result<String, NodeError> {
    match total {
        Outcome::Done(total) => ::std::result::Result::Ok(::std::format!("{name}: {total}")),
        Outcome::Failed(error) => ::std::result::Result::Err(error),
        _ => ::std::result::Result::Ok(name.to_owned()),
    }
}

workflow! {
    /// The receipt of a basket, by steps and a workflow of another crate.
    #[workflow(crate = ::workflows, version = "1.0.0")]
    pub Basket(items: Vec<String>, name: String) -> String {
        first = if items.is_empty() { price("") } else { PriceOf::run(items[0].clone()) };
        prices = for item in &items {
            net = price(item);
            tax::with_tax(net)
        };
        total = sum(&prices);
        #[node(on = all_done)]
        paid = receipt(total, &name);
        ::std::format!("{paid}, the first for {first}")
    }
}
