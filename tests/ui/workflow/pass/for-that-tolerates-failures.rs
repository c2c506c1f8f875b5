use orch::prelude::*;

#[step]
fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
    text.parse()
}

workflow! {
    pub Flow(texts: Vec<String>) -> (usize, u32) {
        #[node(tolerate = 1, concurrency = 2)]
        parsed = for text in &texts { parse(text) };
        failed = parsed.iter().filter(|result| result.is_err()).count();
        total = parsed.iter().flatten().sum::<u32>();
        (failed, total)
    }
}

workflow! {
    pub Half(texts: Vec<String>) -> usize {
        #[node(tolerate = "50%")]
        parsed = for text in &texts { parse(text) };
        parsed.len()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    assert_eq!(Flow::run(texts(&["1", "x", "3"])).await.unwrap(), (1, 4));
    assert!(Flow::run(texts(&["1", "x", "y"])).await.is_err());
    assert_eq!(Half::run(texts(&["1", "x", "y", "2"])).await.unwrap(), 4);
}
