use orch::prelude::*;

#[step]
fn check(number: u32) -> std::io::Result<u32> {
    if number > 9 { Err(std::io::Error::other("two digits")) } else { Ok(number) }
}

workflow! {
    pub Flow(number: u32) -> std::io::Result<u32> {
        checked = check(number);
        checked
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run(3).await.unwrap(), 3);
    let error = Flow::run(30).await.unwrap_err();
    assert_eq!(error.error().unwrap().kind(), std::io::ErrorKind::Other);
}
