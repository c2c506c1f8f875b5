use orch::prelude::*;

#[step]
fn length(text: String) -> usize {
    text.len()
}

#[step]
fn first(value: Option<u32>) -> u32 {
    value.unwrap_or(0)
}

#[derive(Clone, Copy)]
pub struct Meters(u32);

impl Meters {
    pub fn of(value: u32) -> Self {
        Self(value)
    }
}

#[step]
fn round(length: Meters) -> u32 {
    length.0
}

workflow! {
    pub Flow(text: &'static str) -> (usize, u32, u32, u64) {
        letters = length(String::from(text));
        one = first(Some(1));
        two = round(Meters::of(one + 1));
        (letters, one, two, u64::from(two))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run("abc").await.unwrap(), (3, 1, 2, 2));
}
