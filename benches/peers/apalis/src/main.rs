//! Takes a turn of the durable benchmark with apalis-workflow on apalis-sqlite.
//!
//! A worker is woken by SQLite's hook for rows that were added, and by a short interval where that was too early.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use apalis::prelude::*;
use apalis_sqlite::{Config, SqlitePool, SqliteStorage};
use apalis_workflow::{SteppedFlow, WorkflowSink};
use futures::StreamExt;
use tokio::sync::oneshot;
use turn::Turn;

/// A workflow's number, which tells whoever waits for it, and its value.
type Numbered = (u64, u64);

/// Who waits for which workflow: its last step tells them, as apalis itself would have to be polled.
type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<u64>>>>;

async fn add((number, value): Numbered) -> Result<Numbered, BoxDynError> {
    Ok((number, value + 1))
}

async fn last(numbered: Numbered, waiting: Data<Waiting>) -> Result<Numbered, BoxDynError> {
    let (number, value) = add(numbered).await?;
    let waiter = waiting.lock().expect("nobody panics").remove(&number);
    let waiter = waiter.ok_or("nobody waits for it")?;
    waiter.send(value).map_err(|_| "nobody waits any longer")?;
    Ok((number, value))
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let turn = Turn::of_process()?;
    let url = format!("sqlite://{}?mode=rwc", turn.database().display());
    let (pool, listener) = SqliteStorage::connect_with_callback(&url)?;
    SqliteStorage::setup(&pool).await?;
    synchronize(&pool, &turn).await?;

    let config = Config::default().queue("five").batch_size(64);
    let strategy = Strategy::new()
        .interval(Duration::from_millis(20)) // first: after a strategy that is ready, later ones set no timer
        .stream(listener.ready_chunks(config.batch_size));
    let storage = SqliteStorage::<Numbered>::new(&pool).with_config(config);
    let flow = SteppedFlow::new("five")
        .and_then(add)
        .and_then(add)
        .and_then(add)
        .and_then(add)
        .and_then(last);
    let waiting = Waiting::default();
    let worker = WorkerBuilder::new("five")
        .backend(storage.clone().poll_with_strategy(strategy))
        .data(Arc::clone(&waiting))
        .build(flow);
    let worker = tokio::spawn(worker.run());

    let figure = turn.take(move |n| {
        let (mut storage, waiting) = (storage.clone(), Arc::clone(&waiting));
        async move {
            let (waiter, result) = oneshot::channel();
            waiting.lock().expect("nobody panics").insert(n, waiter);
            storage.push_start((n, n)).await.expect("a run starts");
            result.await.expect("a run ends")
        }
    });
    println!("{}", figure.await);
    worker.abort();
    Ok(())
}

/// Sets the mode of every connection of the pool: `setup` switches waiting for the disk off, on one of them.
async fn synchronize(pool: &SqlitePool, turn: &Turn) -> Result<(), sqlx::Error> {
    let mut connections = Vec::new();
    for _ in 0..pool.options().get_max_connections() {
        connections.push(pool.acquire().await?);
    }
    for connection in &mut connections {
        let pragma = format!("PRAGMA synchronous = {}", turn.synchronous.as_str());
        sqlx::query(sqlx::AssertSqlSafe(pragma))
            .execute(&mut **connection)
            .await?;
    }
    Ok(())
}
