//! Takes a turn of the durable benchmark with durare.
//!
//! Workflows are started directly and not through a queue, whose dispatcher polls.

use std::sync::Arc;
use std::time::Duration;

use durare::{DurableContext, DurableEngine, Result, SqliteProvider, WorkflowOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use turn::{Synchronous, Turn};

#[durare::step]
async fn add(ctx: &DurableContext, n: u64) -> Result<u64> {
    Ok(n + 1)
}

#[durare::workflow]
async fn five(ctx: DurableContext, n: u64) -> Result<u64> {
    let a = add(&ctx, n).await?;
    let b = add(&ctx, a).await?;
    let c = add(&ctx, b).await?;
    let d = add(&ctx, c).await?;
    add(&ctx, d).await
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let turn = Turn::of_process()?;
    // As `SqliteProvider::connect` has it, but for `synchronous`, which that sets to NORMAL.
    let options = SqliteConnectOptions::new()
        .filename(turn.database())
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(match turn.synchronous {
            Synchronous::Full => SqliteSynchronous::Full,
            Synchronous::Normal => SqliteSynchronous::Normal,
        })
        .busy_timeout(Duration::from_secs(5));
    let pool = SqlitePoolOptions::new()
        .max_connections(5)
        .connect_with(options)
        .await?;
    let engine = DurableEngine::new(Arc::new(SqliteProvider::from_pool(pool))).await?;
    let engine = Arc::new(engine);
    let figure = turn.take(move |n| {
        let engine = Arc::clone(&engine);
        async move {
            let run = engine.start_with(Five, n, WorkflowOptions::default());
            run.await.expect("a run starts").await.expect("a run ends")
        }
    });
    println!("{}", figure.await);
    Ok(())
}
