mod inner {
    use orch::prelude::*;

    #[step]
    fn load() -> u32 {
        1
    }

    workflow! {
        pub(super) Seen() -> u32 {
            load()
        }
    }

    workflow! {
        Hidden() -> u32 {
            load()
        }
    }

    pub(crate) async fn hidden() -> u32 {
        Hidden::run().await.unwrap()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(inner::Seen::run().await.unwrap() + inner::hidden().await, 2);
}
