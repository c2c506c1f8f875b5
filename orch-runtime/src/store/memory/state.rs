//! What the store keeps, and what each change does to it: plain and slow, so that it can be compared with.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use orch_core::run::{RunId, RunStatus};

use super::Artifact;
use crate::store::rules::{self, Notices, Room};
use crate::store::{
    Applied, Change, Crowded, Entry, Held, Json, Millis, NewRun, OwnerId, Refused, RunKey,
    RunRecord, SignalRecord, Wake,
};

#[derive(Default)]
pub(super) struct State {
    pub(super) runs: BTreeMap<RunKey, Run>,
    pub(super) ids: HashMap<RunId, RunKey>,
    pub(super) owners: BTreeMap<OwnerId, Wake>,
    pub(super) kept: BTreeMap<(String, String), Kept>,
    pub(super) artifacts: BTreeMap<String, Artifact>,
    pub(super) last_owner: i64,
    /// The latest time that was told, for what happens without one being told.
    pub(super) now: Millis,
    last_run: i64,
    last_signal: i64,
}

pub(super) struct Run {
    pub(super) record: RunRecord,
    /// Whether the clock has to reach `ready_at`.
    pub(super) timed: bool,
    pub(super) entries: BTreeMap<i64, Entry>,
    pub(super) signals: Vec<SignalRecord>,
}

pub(super) struct Kept {
    pub(super) value: Json,
    expires_at: Option<Millis>,
}

impl Kept {
    pub(super) fn lives(&self, now: Millis) -> bool {
        self.expires_at.is_none_or(|at| at > now)
    }
}

impl Run {
    /// When it may be taken up, if nobody holds it and it may.
    pub(super) fn ready_at(&self) -> Option<Millis> {
        self.record.ready_at
    }

    fn is_ready(&self, now: Millis) -> bool {
        self.ready_at().is_some_and(|at| !self.timed || at <= now)
    }

    fn take(&mut self, owner: OwnerId) -> Held {
        let record = &mut self.record;
        record.status = RunStatus::Running;
        record.owner = Some(owner);
        record.fence += 1;
        record.ready_at = None;
        record.reason = None;
        Held {
            run: record.key,
            fence: record.fence,
        }
    }

    fn let_go(&mut self, status: RunStatus) {
        self.record.status = status;
        self.record.owner = None;
        self.record.fence += 1;
        self.record.ready_at = None;
    }

    pub(super) fn make_ready(&mut self, at: Millis) {
        self.record.ready_at = Some(at);
        self.timed = false;
    }

    /// Adds entries, or none of them.
    pub(super) fn record(&mut self, entries: &[Entry]) -> Result<(), Refused> {
        let mut new = BTreeSet::new();
        for entry in entries {
            if self.entries.contains_key(&entry.seq) || !new.insert(entry.seq) {
                return Err(Refused::Recorded {
                    run: self.record.key,
                    seq: entry.seq,
                });
            }
        }
        self.entries
            .extend(entries.iter().map(|entry| (entry.seq, entry.clone())));
        Ok(())
    }
}

impl State {
    pub(super) fn apply(
        &mut self,
        change: &Change,
        notices: &mut Notices,
    ) -> Result<Applied, Refused> {
        match change {
            Change::Start(new) => self.start(new, notices),
            Change::Record { held, entries } => {
                self.held(*held)?.record(entries)?;
                Ok(Applied::Done)
            }
            Change::Suspend { .. } => self.suspend(change, notices),
            Change::End { .. } => self.end(change, notices),
            Change::TakeUp {
                owner,
                workflows,
                now,
                limit,
            } => self.take_up(*owner, workflows, *now, *limit),
            Change::TakeUpOne { owner, run } => self.take_up_one(*owner, *run),
            Change::Release { owner, now } => {
                self.release(*owner, *now, notices);
                Ok(Applied::Done)
            }
            Change::Signal { .. } => self.signal(change, notices),
            Change::Rewind {
                run,
                drop,
                entries,
                deadline,
                now,
            } => self.rewind(*run, drop, entries, (*deadline, *now), notices),
            Change::Delete { run } => self.delete(*run),
            Change::Prune {
                statuses,
                before,
                limit,
            } => Ok(self.prune(statuses, *before, *limit)),
            Change::Put {
                space,
                key,
                value,
                expires_at,
            } => {
                let kept = Kept {
                    value: value.clone(),
                    expires_at: *expires_at,
                };
                self.kept.insert(((*space).to_owned(), key.clone()), kept);
                Ok(Applied::Done)
            }
            Change::Remove { space, key } => {
                self.kept.remove(&((*space).to_owned(), key.clone()));
                Ok(Applied::Done)
            }
            Change::PutArtifact { run, artifact } => {
                self.run(*run)?;
                self.finds(std::slice::from_ref(artifact))?;
                self.keep_artifact(*run, artifact);
                Ok(Applied::Done)
            }
        }
    }

    fn joined(&self, owner: OwnerId) -> Result<OwnerId, Refused> {
        if self.owners.contains_key(&owner) {
            Ok(owner)
        } else {
            Err(Refused::NotJoined(owner))
        }
    }

    pub(super) fn run(&mut self, run: RunKey) -> Result<&mut Run, Refused> {
        self.runs.get_mut(&run).ok_or(Refused::NoRun(run))
    }

    fn held(&mut self, held: Held) -> Result<&mut Run, Refused> {
        let run = self.run(held.run)?;
        if run.record.fence == held.fence && run.record.owner.is_some() {
            Ok(run)
        } else {
            Err(Refused::Fenced {
                held,
                fence: run.record.fence,
            })
        }
    }

    pub(super) fn ended(&mut self, run: RunKey) -> Result<&mut Run, Refused> {
        let run = self.run(run)?;
        if run.record.status.is_ended() {
            Ok(run)
        } else {
            Err(Refused::NotEnded(run.record.status))
        }
    }

    fn start(&mut self, new: &NewRun, notices: &mut Notices) -> Result<Applied, Refused> {
        if let Some(run) = self.ids.get(&new.id).and_then(|key| self.runs.get(key)) {
            return Ok(Applied::Started {
                held: Held {
                    run: run.record.key,
                    fence: run.record.fence,
                },
                fresh: false,
                status: run.record.status,
            });
        }
        let owner = new.owner.map(|owner| self.joined(owner)).transpose()?;
        let room = self.room_for(new)?;
        let key = RunKey(self.last_run + 1);
        let mut run = Run {
            record: RunRecord {
                key,
                id: new.id.clone(),
                workflow: new.workflow.clone(),
                version: new.version.clone(),
                fingerprint: new.fingerprint.clone(),
                status: RunStatus::Queued,
                input: new.input.clone(),
                output: None,
                error: None,
                correlation_id: new
                    .correlation_id
                    .clone()
                    .unwrap_or_else(|| new.id.as_str().to_owned()),
                parent: new.parent.clone(),
                priority: new.priority,
                owner: None,
                fence: 0,
                started_at: new.at,
                ended_at: None,
                ready_at: Some(new.at),
                deadline: new.deadline,
                reason: None,
            },
            timed: false,
            entries: BTreeMap::new(),
            signals: Vec::new(),
        };
        run.record(&new.entries)?;
        self.finds(&new.artifacts)?;
        if let Some(other) = new.artifacts_of {
            self.run(other)?;
        }
        if let Some(owner) = owner {
            run.take(owner);
        }
        let then = new.at_most.as_ref().map(|at_most| &at_most.then);
        match (&room, then) {
            (Room::Ends(status), Some(Crowded::End { error, .. })) => {
                run.record.status = *status;
                run.record.error = Some(error.clone());
                run.record.ended_at = Some(new.at);
                (run.record.owner, run.record.ready_at) = (None, None);
            }
            _ => notices.ready |= owner.is_none(),
        }
        self.now = self.now.max(new.at);
        self.last_run += 1;
        let (fence, status) = (run.record.fence, run.record.status);
        self.ids.insert(new.id.clone(), key);
        self.runs.insert(key, run);
        for artifact in &new.artifacts {
            self.keep_artifact(key, artifact);
        }
        if let Some(other) = new.artifacts_of {
            self.keep_artifacts_of(key, other);
        }
        if let (Room::After(oldest), Some(Crowded::Signal { name, value })) = (room, then) {
            let signal = Change::Signal {
                run: oldest,
                name: name.clone(),
                event: None,
                value: value.clone(),
                at: new.at,
            };
            self.signal(&signal, notices)?;
        }
        Ok(Applied::Started {
            held: Held { run: key, fence },
            fresh: true,
            status,
        })
    }

    /// Whether there is room for a new run.
    fn room_for(&self, new: &NewRun) -> Result<Room<RunId>, Refused> {
        let Some(at_most) = &new.at_most else {
            return Ok(Room::Free);
        };
        let makes_room = |run: &Run| match &at_most.then {
            Crowded::Signal { name, .. } => run.signals.iter().any(|one| one.name == *name),
            _ => false,
        };
        let mut crowd = self.runs.values().filter(|run| {
            let record = &run.record;
            let of_it = record.workflow == new.workflow;
            of_it && rules::is_under_way(record.status) && !makes_room(run)
        });
        let oldest = crowd.next().map(|run| run.record.id.clone());
        let count = crowd.count() as u64 + u64::from(oldest.is_some());
        rules::room(at_most, count, oldest)
    }

    fn suspend(&mut self, change: &Change, notices: &mut Notices) -> Result<Applied, Refused> {
        let Change::Suspend {
            held,
            entries,
            status,
            ready_at,
            seen,
            reason,
        } = change
        else {
            return Ok(Applied::Done);
        };
        let run = self.held(*held)?;
        if !rules::can_rest(*status) {
            return Err(Refused::Status(*status));
        }
        run.record(entries)?;
        if run.signals.iter().any(|signal| signal.number > *seen) {
            return Ok(Applied::Signalled {
                run: held.run,
                fresh: true,
                owner: run.record.owner,
            });
        }
        let holder = run.record.owner;
        run.let_go(*status);
        run.record.ready_at = *ready_at;
        run.record.reason.clone_from(reason);
        run.timed = true;
        notices.ready |= *status == RunStatus::Queued && ready_at.is_some();
        let holder = holder.filter(|_| *status == RunStatus::Parked);
        self.let_go(held.run, holder, notices);
        Ok(Applied::Done)
    }

    fn end(&mut self, change: &Change, notices: &mut Notices) -> Result<Applied, Refused> {
        let Change::End {
            held,
            entries,
            status,
            output,
            error,
            at,
        } = change
        else {
            return Ok(Applied::Done);
        };
        let run = self.held(*held)?;
        if !status.is_ended() {
            return Err(Refused::Status(*status));
        }
        run.record(entries)?;
        let holder = run.record.owner;
        run.let_go(*status);
        run.record.output.clone_from(output);
        run.record.error.clone_from(error);
        run.record.ended_at = Some(*at);
        self.now = self.now.max(*at);
        self.let_go(held.run, holder, notices);
        Ok(Applied::Done)
    }

    /// A run is no longer held: others may wait for its end, if it is over by this holder, and one that a limit kept
    /// waiting may have become ready for them.
    fn let_go(&self, run: RunKey, over_by: Option<OwnerId>, notices: &mut Notices) {
        if self.owners.len() < 2 {
            return;
        }
        notices.over.extend(over_by.map(|holder| (holder, run)));
        let of = |run: &RunKey| self.runs.get(run).map(|run| &run.record.workflow);
        let workflow = of(&run);
        let mut runs = self.runs.values();
        notices.ready |=
            runs.any(|run| Some(&run.record.workflow) == workflow && run.ready_at().is_some());
    }

    /// How many more runs of each of these workflows may be held.
    pub(super) fn room<'w>(
        &self,
        workflows: &'w [(String, Option<u32>)],
    ) -> HashMap<&'w str, usize> {
        let mut room = HashMap::new();
        for (workflow, most) in workflows {
            let held = self
                .runs
                .values()
                .filter(|run| run.record.owner.is_some() && run.record.workflow == *workflow);
            let left = most.map_or(usize::MAX, |most| {
                usize::try_from(most)
                    .unwrap_or(usize::MAX)
                    .saturating_sub(held.count())
            });
            room.entry(workflow.as_str()).or_insert(left);
        }
        room
    }

    fn take_up(
        &mut self,
        owner: OwnerId,
        workflows: &[(String, Option<u32>)],
        now: Millis,
        limit: usize,
    ) -> Result<Applied, Refused> {
        self.joined(owner)?;
        self.now = self.now.max(now);
        let mut room = self.room(workflows);
        let mut ready: Vec<&mut Run> = self
            .runs
            .values_mut()
            .filter(|run| run.is_ready(now))
            .collect();
        ready.sort_by_key(|run| {
            let record = &run.record;
            let ready_at = record.ready_at.unwrap_or_default();
            (rules::rank(ready_at, record.priority), record.key)
        });
        let mut taken = Vec::new();
        for run in ready {
            if taken.len() == limit {
                break;
            }
            match room.get_mut(run.record.workflow.as_str()) {
                Some(left) if *left > 0 => {
                    *left -= 1;
                    taken.push(run.take(owner));
                }
                _ => {}
            }
        }
        Ok(Applied::TakenUp(taken))
    }

    fn take_up_one(&mut self, owner: OwnerId, run: RunKey) -> Result<Applied, Refused> {
        self.joined(owner)?;
        let run = self.run(run)?;
        let free = run.record.owner.is_none() && !run.record.status.is_ended();
        Ok(Applied::TakenUp(if free {
            vec![run.take(owner)]
        } else {
            Vec::new()
        }))
    }

    pub(super) fn release(&mut self, owner: OwnerId, now: Millis, notices: &mut Notices) {
        self.now = self.now.max(now);
        for run in self.runs.values_mut() {
            if run.record.owner == Some(owner) {
                run.let_go(RunStatus::Running);
                run.make_ready(now);
                notices.ready = true;
            }
        }
    }

    fn signal(&mut self, change: &Change, notices: &mut Notices) -> Result<Applied, Refused> {
        let Change::Signal {
            run: id,
            name,
            event,
            value,
            at,
        } = change
        else {
            return Ok(Applied::Done);
        };
        let number = self.last_signal + 1;
        let run = self.ids.get(id).and_then(|key| self.runs.get_mut(key));
        let run = run.ok_or_else(|| Refused::NoRunOf(id.clone()))?;
        let (key, owner) = (run.record.key, run.record.owner);
        if run.record.status.is_ended() {
            return Err(Refused::Ended(run.record.status));
        }
        let same = |signal: &SignalRecord| signal.name == *name && signal.event == *event;
        let fresh = event.is_none() || !run.signals.iter().any(same);
        if fresh {
            run.signals.push(SignalRecord {
                number,
                name: name.clone(),
                event: event.clone(),
                value: value.clone(),
                at: *at,
            });
            self.last_signal = number;
            match owner {
                Some(owner) => notices.signals.push((owner, key)),
                None => {
                    if run.timed || run.record.ready_at.is_none() {
                        run.make_ready(*at);
                    }
                    notices.ready = true;
                }
            }
            self.now = self.now.max(*at);
        }
        Ok(Applied::Signalled {
            run: key,
            fresh,
            owner,
        })
    }
}
