//! Starting runs by their workflows' schedules.
//!
//! The run of a time has an id that says so, `Nightly@2026-11-21T06:00:00Z`: of several processes on one store, and of
//! one that was killed, each starts the same run, which is one.

mod cron;

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use jiff::Timestamp;
use orch_core::plan::{CatchUp, WorkflowSpec};

use self::cron::Cron;
use super::{Durability, Registered};
use crate::durable::millis;
use crate::observe::tracing;
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
    /// By how much a start is put off at most.
    jitter: Millis,
    start: Starter,
}

/// Whether the runs of these workflows can be started by their schedules.
///
/// # Errors
/// With what keeps some from being.
pub(super) fn possible(programs: &HashMap<&'static str, Registered>) -> Result<(), Vec<String>> {
    let scheduled = programs.values().filter_map(Registered::scheduled);
    let problems: Vec<String> = scheduled.filter_map(Result::err).collect();
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
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
                jitter: schedule.jitter.map_or(0, millis),
                start,
            }),
            Err(reason) => Err(format!(
                "the schedule of workflow `{}`: {reason}",
                spec.name
            )),
        })
    }

    /// When the run of a time starts: the same for whoever asks, and another amount later for each time and workflow.
    fn due(&self, time: Millis) -> Millis {
        if self.jitter == 0 {
            return time;
        }
        let digest = hmac_sha256::Hash::hash(format!("{}@{time}", self.workflow).as_bytes());
        let number = digest[..8]
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte));
        // From none to all of it; the remainder is far below what can be told.
        let late = number % (self.jitter.unsigned_abs() + 1);
        time.saturating_add_unsigned(late)
    }

    /// The first time after this one, if its run should have started by now.
    fn passed(&self, after: Millis, now: Millis) -> Option<Millis> {
        let next = self.cron.after(after)?;
        (self.due(next) <= now).then_some(next)
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
    let now = durability.clock.now();
    for missed in missed(&scheduled, last, now) {
        if !start(&scheduled, missed, &durability, &services).await {
            return;
        }
    }
    // What was put off may be due still, though its time has passed.
    last = last.max(now.saturating_sub(scheduled.jitter));
    while let Some(passed) = scheduled.passed(last, now) {
        last = passed;
    }
    while let Some(next) = scheduled.cron.after(last) {
        durability.clock.sleep_until(scheduled.due(next)).await;
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
    while let Some(next) = scheduled.passed(at, now) {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use orch_core::plan::CatchUp;

    use super::{Cron, Scheduled, missed};

    const HOUR: i64 = 3_600_000;

    fn hourly(workflow: &'static str, jitter: i64) -> Scheduled {
        Scheduled {
            workflow,
            cron: Cron::new("0 * * * *", "UTC").unwrap(),
            catch_up: CatchUp::All(100),
            jitter,
            start: |_, _| Box::pin(async { Ok(()) }),
        }
    }

    #[test]
    fn starts_are_put_off_by_an_amount_of_their_own() {
        let (first, again) = (hourly("A", 10_000), hourly("A", 10_000));
        let other = hourly("B", 10_000);
        let late = |of: &Scheduled| -> Vec<i64> {
            let times = (0..200).map(|hour| hour * HOUR);
            times.map(|time| of.due(time) - time).collect()
        };
        assert_eq!(late(&first), late(&again), "two processes agree");
        assert_ne!(late(&first), late(&other), "two workflows part");
        assert!(late(&first).iter().all(|late| (0..=10_000).contains(late)));
        let distinct: BTreeSet<_> = late(&first).into_iter().map(|late| late / 1_000).collect();
        assert!(distinct.len() > 8, "they are spread: {distinct:?}");
        assert_eq!(late(&hourly("A", 0)), [0; 200]);
        assert!(late(&hourly("A", 1)).contains(&1), "all of it is possible");
    }

    #[test]
    fn what_is_put_off_was_not_missed_before_it_was_due() {
        let scheduled = hourly("A", HOUR / 2);
        let due = scheduled.due(5 * HOUR);
        assert!(due > 5 * HOUR);
        let before: Vec<i64> = (1..5).map(|hour| hour * HOUR).collect();
        assert_eq!(missed(&scheduled, 0, due - 1), before);
        let all: Vec<i64> = (1..6).map(|hour| hour * HOUR).collect();
        assert_eq!(missed(&scheduled, 0, due), all);
    }
}
