use orch::prelude::*;

#[step]
fn parse(text: &str) -> anyhow::Result<u32> {
    Ok(text.parse()?)
}

#[step]
fn half(number: u32) -> Result<u32, std::io::Error> {
    Ok(number / 2)
}

workflow! {
    pub Typed(text: String) -> anyhow::Result<u32> {
        number = parse(&text);
        half(number)
    }
}

workflow! {
    pub Erased(text: String) -> u32 {
        number = parse(&text);
        half(number)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Typed::run("8".to_owned()).await.unwrap(), 4);
    assert_eq!(Erased::run("8".to_owned()).await.unwrap(), 4);
    let error = Typed::run("x".to_owned()).await.unwrap_err();
    assert!(error.error().is_some_and(|error| error.is::<std::num::ParseIntError>()), "{error:?}");
    let error = Erased::run("x".to_owned()).await.unwrap_err();
    assert!(error.to_string().contains("invalid digit"), "{error}");
}
