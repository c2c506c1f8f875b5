use orch::prelude::*;

#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    #[error("input and output")]
    Io(#[from] std::io::Error),
}

#[step]
fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
    text.parse()
}

workflow! {
    Flow(text: String) -> Result<u32, FlowError> {
        number = parse(&text);
        number
    }
}

fn main() {}
