//! Taking up what is ready.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Durability, Seat, Task, UNREAD, known};
use crate::observe::tracing;
use crate::services::Services;
use crate::store::journal::JournalError;
use crate::store::{Applied, Change, Held, Store, StoreError};
use crate::veil::{Veiled, VeiledWeak};

/// How many runs are taken up in one transaction.
const BATCH: usize = 256;

/// Takes up runs as they become ready, for as long as the orchestrator is there.
pub(super) async fn supervise(durability: Arc<Durability>, services: VeiledWeak<Services>) {
    loop {
        durability.more.store(false, Ordering::Release);
        let taken = take_up(&durability, &services).await;
        let Some(taken) = taken else { return };
        match taken {
            Ok(0) => {}
            Ok(_) if durability.room() > 0 => continue,
            Ok(_) => {}
            // What is ready stays so.
            Err(error) => {
                tracing::error!(target: "orch", event = "nothing_taken_up", %error);
                a_while(&durability).await;
                continue;
            }
        }
        if durability.room() == 0 {
            durability.more.store(true, Ordering::Release);
            durability.stirred.notified().await;
            continue;
        }
        let workflows = Arc::clone(&durability.workflows);
        let next = durability
            .journal
            .ask(move |store| store.next_ready(&workflows))
            .await;
        match next {
            Ok(Some(next)) => tokio::select! {
                biased;
                () = durability.clock.sleep_until(next) => {}
                () = durability.stirred.notified() => {}
            },
            Ok(None) => durability.stirred.notified().await,
            Err(error) => {
                tracing::error!(target: "orch", event = "store_unread", %error);
                a_while(&durability).await;
            }
        }
    }
}

/// Waits until a store that failed may be asked again.
async fn a_while(durability: &Durability) {
    tokio::select! {
        () = tokio::time::sleep(UNREAD) => {}
        () = durability.stirred.notified() => {}
    }
}

/// Takes up what is ready, as far as there is room; `None` when the orchestrator is gone.
async fn take_up(
    durability: &Arc<Durability>,
    services: &VeiledWeak<Services>,
) -> Option<Result<usize, JournalError>> {
    let limit = durability.room().min(BATCH);
    if limit == 0 || durability.workflows.is_empty() {
        return services.upgrade().map(|_| Ok(0));
    }
    let change = Change::TakeUp {
        owner: durability.owner,
        workflows: Arc::clone(&durability.workflows),
        now: durability.clock.now(),
        limit,
    };
    let taken = match durability.journal.submit(change).await {
        Ok(Applied::TakenUp(taken)) => taken,
        Ok(_) => Vec::new(),
        Err(error) => return services.upgrade().map(|_| Err(error)),
    };
    let services = services.upgrade()?;
    let count = taken.len();
    if count == 0 {
        return Some(Ok(0));
    }
    durability.active.fetch_add(count, Ordering::AcqRel);
    let seated = taken
        .into_iter()
        .map(|held| (Seat::new(durability, Some(held)), held));
    let driving: Task = Box::pin(drive(Arc::clone(durability), services, seated.collect()));
    tokio::spawn(driving);
    Some(Ok(count))
}

/// Drives runs that were taken up, each in a task; their histories are read by one thread, as many at once would only
/// wait for each other.
async fn drive(durability: Arc<Durability>, services: Veiled<Services>, taken: Vec<(Seat, Held)>) {
    let runs: Vec<_> = taken.iter().map(|(_, held)| held.run).collect();
    let load = move |store: &dyn Store| Ok(runs.into_iter().map(|run| store.load(run)).collect());
    let histories: Result<Vec<_>, _> = durability.journal.ask(load).await;
    let unread =
        |error: &StoreError| tracing::error!(target: "orch", event = "runs_unread", %error);
    let histories = histories.inspect_err(unread).unwrap_or_default();
    let mut histories = histories.into_iter();
    for (seat, held) in taken {
        let history = histories.next().and_then(|history| known(held, history));
        let Some(history) = history else {
            durability.put_off(held).await;
            seat.leave();
            continue;
        };
        if let Some(registered) = durability.registered(&history.run.workflow) {
            tokio::spawn((registered.resume)(services.clone(), seat, held, history));
        }
    }
}
