use orch::prelude::*;

pub struct Client {
    pub base: u32,
}

pub trait Clock: Send + Sync {
    fn now(&self) -> u32;
}

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> u32 {
        7
    }
}

#[step]
async fn fetch(page: u32, #[resource] client: &Client, #[ctx] ctx: &StepCtx) -> u32 {
    assert_eq!(ctx.node(), "rows");
    client.base + page
}

#[step]
fn stamp(rows: u32, #[resource] clock: &dyn Clock) -> (u32, u32) {
    (rows, clock.now())
}

workflow! {
    pub Flow(page: u32) -> (u32, u32) {
        rows = fetch(page);
        stamp(rows)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let clock: std::sync::Arc<dyn Clock> = std::sync::Arc::new(Fixed);
    let orch = Orchestrator::builder()
        .resource(Client { base: 100 })
        .shared(clock)
        .workflow(Flow)
        .build()
        .await
        .unwrap();
    let run = orch.start(Flow, 5).id("page-5").await.unwrap();
    assert_eq!(run.id().as_str(), "page-5");
    assert_eq!(run.result().await.unwrap(), (105, 7));
}
