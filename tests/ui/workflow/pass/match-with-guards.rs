use orch::prelude::*;

#[derive(Clone, Debug)]
pub enum Shipping {
    Post,
    Courier { days: u32 },
    Other(String),
}

#[step]
fn cost(base: u32) -> u32 {
    base
}

#[step]
fn length(text: &str) -> u32 {
    text.len() as u32
}

workflow! {
    pub Flow(shipping: Shipping, limit: u32) -> u32 {
        match &shipping {
            Shipping::Post => cost(4),
            Shipping::Courier { days: 0 } => cost(100),
            Shipping::Courier { days } if *days > limit => cost(10),
            Shipping::Courier { days } => {
                base = cost(*days);
                base + 10
            }
            Shipping::Other(name) => length(name),
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    for (shipping, expected) in [
        (Shipping::Post, 4),
        (Shipping::Courier { days: 0 }, 100),
        (Shipping::Courier { days: 9 }, 10),
        (Shipping::Courier { days: 2 }, 12),
        (Shipping::Other("drone".to_owned()), 5),
    ] {
        assert_eq!(Flow::run(shipping, 3).await.unwrap(), expected);
    }
}
