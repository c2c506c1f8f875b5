//! Taking up what is ready.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Durability, Seat};
use crate::services::Services;
use crate::store::{Applied, Change, Held};
use crate::veil::{Veiled, VeiledWeak};

/// How many runs are taken up in one transaction.
const BATCH: usize = 256;

/// Takes up runs as they become ready, for as long as the orchestrator is there.
pub(super) async fn supervise(durability: Arc<Durability>, services: VeiledWeak<Services>) {
    loop {
        durability.more.store(false, Ordering::Release);
        let taken = take_up(&durability, &services).await;
        let Some(taken) = taken else { return };
        if taken > 0 && durability.room() > 0 {
            continue;
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
                durability.stirred.notified().await;
            }
        }
    }
}

/// Takes up what is ready, as far as there is room; `None` when the orchestrator is gone.
async fn take_up(durability: &Arc<Durability>, services: &VeiledWeak<Services>) -> Option<usize> {
    let limit = durability.room().min(BATCH);
    if limit == 0 || durability.workflows.is_empty() {
        return services.upgrade().map(|_| 0);
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
        Err(error) => {
            tracing::error!(target: "orch", event = "nothing_taken_up", %error);
            Vec::new()
        }
    };
    let services = services.upgrade()?;
    let count = taken.len();
    for held in taken {
        durability.active.fetch_add(1, Ordering::AcqRel);
        let seat = Seat(Arc::clone(durability));
        tokio::spawn(drive(services.clone(), seat, held));
    }
    Some(count)
}

async fn drive(services: Veiled<Services>, seat: Seat, held: Held) {
    let durability = Arc::clone(&seat.0);
    let Some(history) = durability.read(held).await else {
        return;
    };
    if let Some(registered) = durability.registered(&history.run.workflow) {
        (registered.resume)(services, seat, held, history).await;
    }
}
