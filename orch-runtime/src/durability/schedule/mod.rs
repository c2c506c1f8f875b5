//! Starting runs by their workflows' schedules.
//!
//! The run of a time has an id that says so, `Nightly@2026-11-21T06:00:00Z`: of several processes on one store, and of
//! one that was killed, each starts the same run, which is one.

mod cron;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use jiff::Timestamp;
use orch_core::plan::{CatchUp, WorkflowSpec};

use self::cron::Cron;
use super::Durability;
use crate::orchestrator::StartError;
use crate::services::Services;
use crate::store::{Change, Millis, StoreError};
use crate::veil::{Veiled, VeiledWeak};

/// Where the last times that runs were started for are kept, by workflow.
const SPACE: &str = "schedule";

/// Starts a run under an id.
pub(crate) type Starter = fn(Veiled<Services>, String) -> Starting;

pub(crate) type Starting = Pin<Box<dyn Future<Output = Result<(), StartError>> + Send>>;

/// A workflow whose runs start by themselves.
#[derive(Debug)]
pub(super) struct Scheduled {
    workflow: &'static str,
    cron: Cron,
    catch_up: CatchUp,
    start: Starter,
}

impl Scheduled {
    /// The schedule of a workflow, if it has one.
    pub(super) fn of(spec: &'static WorkflowSpec, start: Starter) -> Option<Result<Self, String>> {
        let schedule = spec.schedule?;
        let cron = Cron::new(schedule.cron, schedule.time_zone);
        Some(match cron {
            Ok(cron) => Ok(Self {
                workflow: spec.name,
                cron,
                catch_up: schedule.catch_up,
                start,
            }),
            Err(reason) => Err(format!(
                "the schedule of workflow `{}`: {reason}",
                spec.name
            )),
        })
    }
}

/// Starts a workflow's runs as their times come, for as long as the orchestrator is there.
pub(super) async fn keep(
    scheduled: Scheduled,
    durability: Arc<Durability>,
    services: VeiledWeak<Services>,
) {
    let mut last = match began(&scheduled, &durability).await {
        Ok(last) => last,
        Err(error) => {
            tracing::error!(target: "orch", event = "schedule_unread", workflow = scheduled.workflow, %error);
            return;
        }
    };
    for missed in missed(&scheduled, last, durability.clock.now()) {
        if !start(&scheduled, missed, &durability, &services).await {
            return;
        }
    }
    last = last.max(durability.clock.now());
    while let Some(next) = scheduled.cron.after(last) {
        durability.clock.sleep_until(next).await;
        if !start(&scheduled, next, &durability, &services).await {
            return;
        }
        last = next;
    }
}

/// The last time that a run was started for, or when the schedule was first seen.
async fn began(scheduled: &Scheduled, durability: &Durability) -> Result<Millis, StoreError> {
    let (key, now) = (scheduled.workflow, durability.clock.now());
    let kept = durability
        .journal
        .ask(move |store| store.get(SPACE, key, now))
        .await?;
    if let Some(last) = kept.and_then(|last| last.parse().ok()) {
        return Ok(last);
    }
    note(scheduled, now, durability);
    Ok(now)
}

fn note(scheduled: &Scheduled, last: Millis, durability: &Durability) {
    durability.journal.submit_and_forget(Change::Put {
        space: SPACE,
        key: scheduled.workflow.to_owned(),
        value: last.to_string(),
        expires_at: None,
    });
}

/// The times that passed while nobody was there and that are made up for.
fn missed(scheduled: &Scheduled, last: Millis, now: Millis) -> Vec<Millis> {
    let most = match scheduled.catch_up {
        CatchUp::None => return Vec::new(),
        CatchUp::Last => 1,
        CatchUp::All(most) => most as usize,
    };
    let mut times = std::collections::VecDeque::new();
    let mut at = last;
    while let Some(next) = scheduled.cron.after(at).filter(|next| *next <= now) {
        times.push_back(next);
        if times.len() > most {
            times.pop_front();
        }
        at = next;
    }
    times.into()
}

/// Starts the run of a time; `false` when the orchestrator is gone.
async fn start(
    scheduled: &Scheduled,
    time: Millis,
    durability: &Durability,
    services: &VeiledWeak<Services>,
) -> bool {
    let Some(services) = services.upgrade() else {
        return false;
    };
    let said = Timestamp::from_millisecond(time).map_or(time.to_string(), |at| at.to_string());
    let id = format!("{}@{said}", scheduled.workflow);
    match (scheduled.start)(services, id.clone()).await {
        Ok(()) => note(scheduled, time, durability),
        Err(StartError::ShuttingDown) => return false,
        // As many runs are under way as may be, and the workflow says that the new one is not to start.
        Err(error @ StartError::Overlap { .. }) => {
            tracing::info!(target: "orch", event = "run_not_started", execution_id = id, %error);
            note(scheduled, time, durability);
        }
        Err(error) => {
            tracing::error!(target: "orch", event = "run_not_started", execution_id = id, %error);
        }
    }
    true
}
