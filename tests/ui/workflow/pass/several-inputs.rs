use orch::prelude::*;

use std::collections::BTreeMap;

#[step]
fn describe(name: &str, ages: &BTreeMap<String, u8>, suffix: (char, char)) -> String {
    format!("{name}{}{}{}", ages[name], suffix.0, suffix.1)
}

workflow! {
    pub Flow(name: String, ages: BTreeMap<String, u8>, suffix: (char, char), fixed: &'static str) -> String {
        described = describe(&name, &ages, suffix);
        format!("{described}{fixed}")
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let ages = BTreeMap::from([("ada".to_owned(), 36)]);
    let text = Flow::run("ada".to_owned(), ages, ('!', '?'), ".").await.unwrap();
    assert_eq!(text, "ada36!?.");
}
