// A workflow that is deprecated is declared without a warning, and used with one.
#![deny(warnings)]

use orch::prelude::*;

#[step]
fn price(article: u32) -> u32 {
    article * 3
}

workflow! {
    /// The price, before taxes.
    #[deprecated(since = "2.0.0", note = "use `Total`")]
    #[workflow(version = "1")]
    pub Price(article: u32) -> u32 {
        price = price(article);
        price
    }
}

workflow! {
    pub Basket(article: u32) -> u32 {
        once = Price::run(article);
        once
    }
}

fn main() {
    let _ = (Price::GRAPH, Basket::GRAPH);
}
