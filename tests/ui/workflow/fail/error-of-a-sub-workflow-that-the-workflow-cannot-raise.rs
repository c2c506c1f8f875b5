use orch::prelude::*;

#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    #[error("input and output")]
    Io(#[from] std::io::Error),
}

#[step]
fn load() -> Result<u32, std::io::Error> {
    Ok(1)
}

workflow! {
    Inner() -> Result<u32, std::io::Error> {
        load()
    }
}

workflow! {
    Flow() -> Result<u32, FlowError> {
        Inner::run()
    }
}

fn main() {}
