use orch::prelude::*;

#[step]
fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
    text.parse()
}

#[step]
fn describe(number: Outcome<&u32>) -> String {
    match number {
        Outcome::Done(number) => format!("done {number}"),
        Outcome::Failed(error) => format!("failed in {}", error.node()),
        other => other.as_str().to_owned(),
    }
}

workflow! {
    pub Flow(text: String) -> (String, bool) {
        number = parse(&text).outcome();
        told = describe(number);
        (told, number.is_done())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run("7".to_owned()).await.unwrap(), ("done 7".to_owned(), true));
    assert_eq!(Flow::run("x".to_owned()).await.unwrap(), ("failed in number".to_owned(), false));
}
