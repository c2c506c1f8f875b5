use orch::prelude::*;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    #[step]
    fn double(number: u32) -> u32 {
        number * 2
    }

    workflow! {
        Flow(number: u32) -> u32 {
            double(number)
        }
    }

    assert_eq!(Flow::run(4).await.unwrap(), 8);
}
