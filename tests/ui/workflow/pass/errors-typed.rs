use orch::prelude::*;

#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    #[error("not a number")]
    Parse(#[from] std::num::ParseIntError),
    #[error("too large: {0}")]
    TooLarge(u32),
}

#[step]
fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
    text.parse()
}

#[step]
fn check(number: u32) -> Result<u32, FlowError> {
    if number > 100 { Err(FlowError::TooLarge(number)) } else { Ok(number) }
}

workflow! {
    pub Flow(text: String) -> Result<u32, FlowError> {
        number = parse(&text);
        check(number)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run("7".to_owned()).await.unwrap(), 7);
    let parse = Flow::run("x".to_owned()).await.unwrap_err();
    assert!(matches!(parse.error(), Some(FlowError::Parse(_))), "{parse:?}");
    let large = Flow::run("700".to_owned()).await.unwrap_err();
    assert!(matches!(large.error(), Some(FlowError::TooLarge(700))), "{large:?}");
    assert_eq!(large.failures()[0].node(), "check");
}
