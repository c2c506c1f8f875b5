use orch::prelude::*;

#[step(retries = 2)]
async fn fetch(page: u32) -> Result<u32, std::io::Error> {
    Ok(page)
}

fn is_transient(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::TimedOut
}

#[step(cache_ttl = 60)]
fn rates(day: u32) -> u32 {
    day
}

workflow! {
    #[workflow(
        version = "1.2.0",
        owner = "payments",
        contact = "payments@example.com",
        docs = "https://example.com/checkout",
        deadline = "10m",
        concurrency = 4,
        on_failure = cancel,
        node_limit = 80
    )]
    pub Flow(page: u32) -> (u32, u32) {
        #[node(
            name = "fetch-first-page",
            retries = 5,
            backoff = "1ms..5ms",
            retry_if = is_transient,
            timeout = "10s",
            deadline = "1m",
            rate_limit("50/s", burst = 10, name = "api"),
            concurrency = 3,
            breaker = "api",
            optional
        )]
        first = fetch(page);
        #[node(cache_ttl = "never")]
        rates = rates(page);
        (first.unwrap_or(0), rates)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run(7).await.unwrap(), (7, 7));
    let node = Flow::GRAPH.node("fetch-first-page").unwrap();
    assert_eq!(node.policies().retries, Some(5));
}
