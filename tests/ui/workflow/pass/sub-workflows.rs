use orch::prelude::*;

#[derive(Debug, thiserror::Error)]
pub enum OuterError {
    #[error("the inner one failed")]
    Inner(#[from] RunError<std::num::ParseIntError>),
    #[error("the sum failed")]
    Sum(#[from] RunError),
}

#[step]
fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
    text.parse()
}

#[step]
fn add(left: u32, right: u32) -> u32 {
    left + right
}

workflow! {
    pub Parse(text: String) -> Result<u32, std::num::ParseIntError> {
        parse(&text)
    }
}

workflow! {
    pub Sum(left: u32, right: u32) -> u32 {
        add(left, right)
    }
}

workflow! {
    pub Flow(left: String, right: String) -> Result<u32, OuterError> {
        one = Parse::run(left.clone());
        two = Parse::run(format!("{right}0"));
        three = parse_or_zero(&left);
        sum = crate::Sum::run(one, two);
        sum + three
    }
}

#[step]
fn parse_or_zero(text: &str) -> u32 {
    text.parse().unwrap_or(0)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run("1".to_owned(), "2".to_owned()).await.unwrap(), 22);
    let error = Flow::run("x".to_owned(), "2".to_owned()).await.unwrap_err();
    let Some(OuterError::Inner(inner)) = error.error() else { panic!("{error:?}") };
    assert!(inner.error().is_some(), "{error:?}");
}
