use orch::prelude::*;

#[step]
fn gift(number: u32) -> String {
    format!("gift {number}")
}

workflow! {
    pub Flow(number: u32) -> Option<String> {
        extra = if number > 3 { gift(number) };
        extra
    }
}

workflow! {
    pub Text(number: u32) -> String {
        extra = if number > 3 { gift(number) };
        extra.as_deref().unwrap_or("nothing").to_owned()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run(4).await.unwrap().as_deref(), Some("gift 4"));
    assert_eq!(Flow::run(1).await.unwrap(), None);
    assert_eq!(Text::run(1).await.unwrap(), "nothing");
}
