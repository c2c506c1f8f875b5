use orch::prelude::*;

#[step]
fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
    text.parse()
}

workflow! {
    Flow(text: String) -> Result<u32, std::num::ParseIntError> {
        number = parse(&text);
        Ok(number)
    }
}

fn main() {}
