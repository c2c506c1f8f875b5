use orch::prelude::*;

#[step]
fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
    text.parse()
}

workflow! {
    pub Flow(text: String) -> u32 {
        #[node(optional)]
        number = parse(&text);
        number.unwrap_or(42)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run("7".to_owned()).await.unwrap(), 7);
    assert_eq!(Flow::run("x".to_owned()).await.unwrap(), 42);
}
