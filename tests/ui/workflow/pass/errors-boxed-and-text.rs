use orch::prelude::*;

use std::error::Error;

#[step]
fn parse(text: &str) -> Result<u32, Box<dyn Error + Send + Sync>> {
    Ok(text.parse()?)
}

#[step]
fn check(number: u32) -> Result<u32, String> {
    if number > 9 { Err(format!("{number} has two digits")) } else { Ok(number) }
}

workflow! {
    pub Boxed(text: String) -> Result<u32, Box<dyn Error + Send + Sync>> {
        number = parse(&text);
        check(number)
    }
}

workflow! {
    pub Erased(text: String) -> u32 {
        number = parse(&text);
        check(number)
    }
}

workflow! {
    pub Text(number: u32) -> Result<u32, String> {
        check(number)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Boxed::run("8".to_owned()).await.unwrap(), 8);
    let boxed = Boxed::run("17".to_owned()).await.unwrap_err();
    assert_eq!(boxed.error().unwrap().to_string(), "17 has two digits");
    let erased = Erased::run("18".to_owned()).await.unwrap_err();
    assert!(erased.to_string().contains("18 has two digits"), "{erased}");
    let text = Text::run(19).await.unwrap_err();
    assert_eq!(text.error().unwrap(), "19 has two digits");
}
