mod shop {
    pub mod steps {
        use orch::prelude::*;

        #[step]
        pub(crate) fn price(count: u32) -> u32 {
            count * 5
        }

        #[step]
        pub fn tax(net: u32) -> u32 {
            net / 5
        }
    }

    use orch::prelude::*;

    workflow! {
        pub(crate) Checkout(count: u32) -> u32 {
            net = steps::price(count);
            tax = self::steps::tax(net);
            net + tax
        }
    }
}

use orch::prelude::*;
use shop::steps::{self, tax as vat};

workflow! {
    pub(crate) Flow(count: u32) -> (u32, u32) {
        price = steps::price(count);
        taxed = vat(price);
        more = crate::shop::steps::tax(taxed);
        checked = shop::Checkout::run(count);
        (more, checked)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run(50).await.unwrap(), (10, 300));
}
