//! Takes a turn of the durable benchmark with duroxide.
//!
//! Its dispatchers poll. One at a time, one of each that polls often is the quickest; many at a time, four that poll
//! as seldom as they do by default, as more of them find the file locked and back off for longer than they would wait.

use std::sync::Arc;
use std::time::Duration;

use duroxide::providers::sqlite::SqliteProvider;
use duroxide::runtime::registry::ActivityRegistry;
use duroxide::runtime::{Runtime, RuntimeOptions};
use duroxide::{ActivityContext, Client, OrchestrationContext, OrchestrationRegistry};
use turn::Turn;

async fn five(ctx: OrchestrationContext, n: u64) -> Result<u64, String> {
    let a = add(&ctx, n).await?;
    let b = add(&ctx, a).await?;
    let c = add(&ctx, b).await?;
    let d = add(&ctx, c).await?;
    add(&ctx, d).await
}

async fn add(ctx: &OrchestrationContext, n: u64) -> Result<u64, String> {
    ctx.schedule_activity_typed::<u64, u64>("add", &n).await
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let turn = Turn::of_process()?;
    let url = format!("sqlite://{}?mode=rwc", turn.database().display());
    let store = Arc::new(SqliteProvider::new(&url, None).await?);
    synchronize(&store, &turn).await?;
    let activities = ActivityRegistry::builder()
        .register_typed("add", |_: ActivityContext, n: u64| async move { Ok(n + 1) })
        .build();
    let orchestrations = OrchestrationRegistry::builder()
        .register_typed("five", five)
        .build();
    let (poll, dispatchers) = if turn.at_a_time == 1 {
        (2, 1)
    } else {
        (100, 4)
    };
    let options = RuntimeOptions {
        dispatcher_min_poll_interval: Duration::from_millis(poll),
        orchestration_concurrency: dispatchers,
        worker_concurrency: dispatchers,
        ..RuntimeOptions::default()
    };
    let runtime =
        Runtime::start_with_options(store.clone(), activities, orchestrations, options).await;
    let client = Arc::new(Client::new(store));
    let figure = turn.take(move |n| {
        let client = Arc::clone(&client);
        async move {
            let id = format!("run-{n}");
            let started = client.start_orchestration_typed(&id, "five", n).await;
            started.expect("a run starts");
            let limit = Duration::from_secs(60);
            let ended = client.wait_for_orchestration_typed::<u64>(&id, limit).await;
            ended.expect("a run ends in time").expect("a run succeeds")
        }
    });
    println!("{}", figure.await);
    runtime.shutdown(None).await;
    Ok(())
}

/// Sets the mode of every connection of the pool, which duroxide itself asks for by a word that SQLite does not know.
async fn synchronize(store: &SqliteProvider, turn: &Turn) -> Result<(), sqlx::Error> {
    let pool = store.get_pool();
    let mut connections = Vec::new();
    for _ in 0..pool.options().get_max_connections() {
        connections.push(pool.acquire().await?);
    }
    for connection in &mut connections {
        let pragma = format!("PRAGMA synchronous = {}", turn.synchronous.as_str());
        sqlx::query(&pragma).execute(&mut **connection).await?;
    }
    Ok(())
}
