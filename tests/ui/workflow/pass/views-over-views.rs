use orch::prelude::*;

#[derive(Clone)]
pub struct Bill {
    pub net: u32,
    pub tax: u32,
}

#[step]
fn bill(net: u32) -> Bill {
    Bill { net, tax: net / 5 }
}

#[step]
fn discount(gross: u32) -> u32 {
    gross / 10
}

workflow! {
    pub Flow(net: u32) -> u32 {
        bill = bill(net);
        gross = bill.net + bill.tax;
        reduced = gross - off;
        off = discount(gross);
        pair = (reduced, gross);
        text = format!("{}", pair.0);
        alias = text;
        again = alias;
        reduced + again.len() as u32
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run(100).await.unwrap(), 120 - 12 + 3);
}
