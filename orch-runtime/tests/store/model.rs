//! Random changes, given to both stores: whatever one answers, the other does.
//!
//! The one in memory looks at everything each time and remembers nothing. The one in a file is used through two
//! handles by turns, so that what each remembers of it has to be forgotten when the other writes.

use std::sync::Arc;

use orch_core::run::{RunId, RunStatus};
use orch_runtime::store::{
    Applied, AtMost, Change, Crowded, Entry, EntryKind, Filter, Held, Memory, NewArtifact, NewRun,
    OwnerId, RunKey, Sqlite, Store, Synchronous,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

const WORKFLOWS: [&str; 3] = ["v", "w", "x"];
const DIGESTS: [&[u8]; 3] = [b"", b"one", b"another"];

/// A change, before it is known which runs there will be.
#[derive(Debug, Clone)]
enum Act {
    Start {
        id: u8,
        workflow: usize,
        priority: u8,
        owner: Option<usize>,
        parent: Option<u8>,
        correlation: Option<u8>,
        seqs: Vec<i64>,
        at_most: Option<(u32, u8)>,
        artifacts: Vec<NewArtifact>,
        artifacts_of: Option<i64>,
    },
    Record(Right, Vec<i64>),
    Suspend {
        right: Right,
        seqs: Vec<i64>,
        status: RunStatus,
        ready_in: Option<i64>,
        seen: i64,
    },
    End(Right, Vec<i64>, RunStatus),
    TakeUp {
        owner: usize,
        workflows: Vec<(usize, Option<u32>)>,
        limit: usize,
    },
    TakeUpOne(usize, i64),
    Release(usize),
    Signal(u8, u8, Option<u8>),
    Rewind(i64, Vec<i64>, Vec<i64>),
    Delete(i64),
    Prune(Vec<RunStatus>, i64, usize),
    Put(u8, Option<i64>),
    Remove(u8),
    PutArtifact(i64, NewArtifact),
}

/// Some right to change a run: one of those that were given, counted from the last, or one that never was.
#[derive(Debug, Clone)]
enum Right {
    Given(usize),
    Made(i64, i64),
}

fn right() -> impl Strategy<Value = Right> {
    prop_oneof![
        6 => (0..6_usize).prop_map(Right::Given),
        1 => (0..30_usize).prop_map(Right::Given),
        1 => (1..9_i64, 0..5_i64).prop_map(|(run, fence)| Right::Made(run, fence)),
    ]
}

fn seqs() -> impl Strategy<Value = Vec<i64>> {
    vec(1..9_i64, 0..3)
}

fn status() -> impl Strategy<Value = RunStatus> {
    select(RunStatus::ALL.to_vec())
}

fn resting() -> impl Strategy<Value = RunStatus> {
    prop_oneof![
        4 => select(vec![RunStatus::Queued, RunStatus::Waiting, RunStatus::Paused, RunStatus::Parked]),
        1 => status(),
    ]
}

fn ended() -> impl Strategy<Value = RunStatus> {
    prop_oneof![
        6 => select(vec![RunStatus::Completed, RunStatus::Failed, RunStatus::Cancelled]),
        1 => status(),
    ]
}

fn start() -> impl Strategy<Value = Act> {
    let about = (0..8_u8, 0..3_usize, select(vec![0, 1, 50, 100_u8]));
    let ties = (
        option::of(0..3_usize),
        option::weighted(0.2, 0..8_u8),
        option::weighted(0.3, 0..8_u8),
    );
    let begins_with = (
        prop_oneof![4 => Just(Vec::new()), 1 => seqs()],
        prop_oneof![4 => Just(Vec::new()), 1 => vec(artifact(), 0..3)],
        option::weighted(0.2, 1..9_i64),
        option::weighted(0.3, (0..4_u32, 0..4_u8)),
    );
    (about, ties, begins_with).prop_map(|(about, ties, begins_with)| {
        let (id, workflow, priority) = about;
        let (owner, parent, correlation) = ties;
        let (seqs, artifacts, artifacts_of, at_most) = begins_with;
        Act::Start {
            id,
            workflow,
            priority,
            owner,
            parent,
            correlation,
            seqs,
            at_most,
            artifacts,
            artifacts_of,
        }
    })
}

/// An artifact, with its content or without.
fn artifact() -> impl Strategy<Value = NewArtifact> {
    (0..3_usize, proptest::bool::weighted(0.7)).prop_map(|(content, given)| NewArtifact {
        digest: digest(DIGESTS[content]).into(),
        content: given.then(|| DIGESTS[content].into()),
    })
}

fn act() -> impl Strategy<Value = Act> {
    let run = || 1..9_i64;
    prop_oneof![
        6 => start(),
        6 => (right(), seqs()).prop_map(|(right, seqs)| Act::Record(right, seqs)),
        5 => (right(), seqs(), resting(), option::of(-50..50_i64), prop_oneof![Just(i64::MAX), 0..6_i64])
            .prop_map(|(right, seqs, status, ready_in, seen)| {
                Act::Suspend { right, seqs, status, ready_in, seen }
            }),
        5 => (right(), seqs(), ended()).prop_map(|(right, seqs, status)| Act::End(right, seqs, status)),
        5 => (0..3_usize, vec((0..3_usize, option::of(0..3_u32)), 0..4), 0..4_usize)
            .prop_map(|(owner, workflows, limit)| Act::TakeUp { owner, workflows, limit }),
        2 => (0..3_usize, run()).prop_map(|(owner, run)| Act::TakeUpOne(owner, run)),
        1 => (0..3_usize).prop_map(Act::Release),
        4 => (0..8_u8, 0..2_u8, option::of(0..3_u8))
            .prop_map(|(run, name, event)| Act::Signal(run, name, event)),
        2 => (run(), seqs(), seqs()).prop_map(|(run, drop, add)| Act::Rewind(run, drop, add)),
        2 => run().prop_map(Act::Delete),
        1 => (vec(status(), 0..9), 0..100_i64, 0..3_usize)
            .prop_map(|(statuses, ago, limit)| Act::Prune(statuses, ago, limit)),
        2 => (0..4_u8, option::of(0..60_i64)).prop_map(|(key, lives)| Act::Put(key, lives)),
        1 => (0..4_u8).prop_map(Act::Remove),
        2 => (run(), artifact()).prop_map(|(run, artifact)| Act::PutArtifact(run, artifact)),
    ]
}

/// What is known while changes are given.
struct World {
    now: i64,
    owners: Vec<OwnerId>,
    rights: Vec<Held>,
}

impl World {
    fn held(&self, right: &Right) -> Held {
        match *right {
            Right::Given(back) => {
                let index = self.rights.len().checked_sub(back + 1);
                index.map_or(
                    Held {
                        run: RunKey(1),
                        fence: 1,
                    },
                    |index| self.rights[index],
                )
            }
            Right::Made(run, fence) => Held {
                run: RunKey(run),
                fence,
            },
        }
    }

    fn entries(&self, seqs: &[i64]) -> Vec<Entry> {
        let of = |seq: &i64| Entry {
            seq: *seq,
            node: format!("node-{seq}"),
            kind: EntryKind::ALL[usize::try_from(*seq).unwrap() % EntryKind::ALL.len()],
            value: (seq % 2 == 0).then(|| format!("{}", self.now)),
            item: (seq % 3 == 0).then(|| "item".to_owned()),
            at: self.now,
        };
        seqs.iter().map(of).collect()
    }

    fn change(&self, act: &Act) -> Change {
        let now = self.now;
        let id = |id: u8| RunId::new(format!("run-{id}"));
        match act {
            Act::Start {
                id: of,
                workflow,
                priority,
                owner,
                parent,
                correlation,
                seqs,
                at_most,
                artifacts,
                artifacts_of,
            } => Change::Start(Box::new(NewRun {
                id: id(*of),
                workflow: WORKFLOWS[*workflow].into(),
                version: format!("{}", of % 2),
                fingerprint: "f".into(),
                input: format!("{now}"),
                correlation_id: correlation.map(|of| format!("run-{of}")),
                parent: parent.map(id),
                priority: *priority,
                at: now,
                deadline: (of % 3 == 0).then_some(now + 5),
                owner: owner.map(|owner| self.owners[owner]),
                entries: self.entries(seqs),
                at_most: at_most.map(|(runs, then)| AtMost {
                    runs,
                    then: match then {
                        0 => Crowded::Refuse,
                        1 => Crowded::Signal {
                            name: "name-0".to_owned(),
                            value: format!("{now}"),
                        },
                        2 => Crowded::End {
                            status: RunStatus::Cancelled,
                            error: "{}".to_owned(),
                        },
                        _ => Crowded::End {
                            status: RunStatus::Waiting,
                            error: "{}".to_owned(),
                        },
                    },
                }),
                artifacts: artifacts.clone(),
                artifacts_of: artifacts_of.map(RunKey),
            })),
            Act::Record(right, seqs) => Change::Record {
                held: self.held(right),
                entries: self.entries(seqs),
            },
            Act::Suspend {
                right,
                seqs,
                status,
                ready_in,
                seen,
            } => Change::Suspend {
                held: self.held(right),
                entries: self.entries(seqs),
                status: *status,
                ready_at: ready_in.map(|after| now + after),
                seen: *seen,
                reason: (*status == RunStatus::Paused).then(|| "paused".into()),
            },
            Act::End(right, seqs, status) => Change::End {
                held: self.held(right),
                entries: self.entries(seqs),
                status: *status,
                output: (*status == RunStatus::Completed).then(|| "1".into()),
                error: (*status != RunStatus::Completed).then(|| "2".into()),
                at: now,
            },
            Act::TakeUp {
                owner,
                workflows,
                limit,
            } => Change::TakeUp {
                owner: self.owners[*owner],
                workflows: limits(workflows).into(),
                now,
                limit: *limit,
            },
            Act::TakeUpOne(owner, run) => Change::TakeUpOne {
                owner: self.owners[*owner],
                run: RunKey(*run),
            },
            Act::Release(owner) => Change::Release {
                owner: self.owners[*owner],
                now,
            },
            Act::Signal(run, name, event) => Change::Signal {
                run: id(*run),
                name: format!("signal-{name}"),
                event: event.map(|event| format!("event-{event}")),
                value: format!("{now}"),
                at: now,
            },
            Act::Rewind(run, drop, add) => Change::Rewind {
                run: RunKey(*run),
                drop: drop.clone(),
                entries: self.entries(add),
                deadline: (run % 2 == 0).then_some(now + 9),
                now,
            },
            Act::Delete(run) => Change::Delete { run: RunKey(*run) },
            Act::Prune(statuses, ago, limit) => Change::Prune {
                statuses: statuses.clone(),
                before: now - ago,
                limit: *limit,
            },
            Act::Put(key, lives) => Change::Put {
                space: "cache",
                key: format!("{key}"),
                value: format!("{now}"),
                expires_at: lives.map(|lives| now + lives),
            },
            Act::Remove(key) => Change::Remove {
                space: "cache",
                key: format!("{key}"),
            },
            Act::PutArtifact(run, artifact) => Change::PutArtifact {
                run: RunKey(*run),
                artifact: artifact.clone(),
            },
        }
    }
}

fn digest(content: &[u8]) -> &'static str {
    match content {
        b"" => "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        b"one" => "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed",
        // Of something else: what is read under it is damaged.
        _ => "0000000000000000000000000000000000000000000000000000000000000000",
    }
}

fn limits(workflows: &[(usize, Option<u32>)]) -> Vec<(String, Option<u32>)> {
    let named = workflows
        .iter()
        .map(|(of, limit)| (WORKFLOWS[*of].to_owned(), *limit));
    named.collect()
}

/// All that can be asked, as text.
fn told(store: &dyn Store, now: i64) -> Vec<String> {
    let mut told = Vec::new();
    for key in 1..20 {
        told.push(format!("{:?}", store.load(RunKey(key)).unwrap()));
        told.push(format!("{:?}", store.signals(RunKey(key), 3).unwrap()));
    }
    for id in 0..8 {
        let id = RunId::new(format!("run-{id}"));
        told.push(format!("{:?}", store.find(&id).unwrap().map(|run| run.key)));
        let (correlation_id, parent) = (Some(id.to_string()), Some(id));
        for filter in [
            Filter {
                correlation_id,
                ..Filter::default()
            },
            Filter {
                parent,
                ..Filter::default()
            },
        ] {
            told.push(format!("{:?}", store.list(&filter).unwrap()));
        }
    }
    for (index, status) in RunStatus::ALL.into_iter().enumerate() {
        let filter = Filter {
            statuses: vec![status, RunStatus::Running],
            workflow: (index % 3 > 0).then(|| WORKFLOWS[index % 3].to_owned()),
            version: (index % 4 == 0).then(|| "1".to_owned()),
            since: (index % 2 == 0).then_some(now - 40),
            below: (index % 5 == 0).then_some(RunKey(6)),
            limit: index % 4 + 1,
            ..Filter::default()
        };
        told.push(format!("{:?}", store.list(&filter).unwrap()));
    }
    for limit in [None, Some(1), Some(2)] {
        let all = limits(&[(0, limit), (1, limit), (2, limit)]);
        told.push(format!("{:?}", store.next_ready(&all).unwrap()));
        told.push(format!("{:?}", store.next_ready(&all[..1]).unwrap()));
    }
    for status in RunStatus::ALL {
        let first = store.first_ended(status, now - 40);
        told.push(format!("{:?}", first.unwrap()));
    }
    for key in 0..4 {
        told.push(format!(
            "{:?}",
            store.get("cache", &key.to_string(), now).unwrap()
        ));
    }
    told.push(format!("{:?}", store.scan("cache", now).unwrap()));
    for content in DIGESTS {
        let artifact = store.artifact(digest(content));
        told.push(format!("{:?}", artifact.map_err(|error| error.kind())));
    }
    told
}

/// Two handles of one file, each with the owners that joined through it.
fn handles(directory: &tempfile::TempDir) -> [Sqlite; 2] {
    [0, 1].map(|_| {
        let options = Sqlite::options().synchronous(Synchronous::Off);
        options
            .open_blocking(directory.path().join("runs.db"))
            .unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn both_stores_answer_alike(
        batches in vec((0..2_usize, 0..30_i64, vec(act(), 1..6)), 1..40),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let handles = handles(&directory);
        let memory = Memory::new();
        let mut world = World { now: 1_000, owners: Vec::new(), rights: Vec::new() };
        for index in 0..3 {
            let owner = memory.join(Arc::new(|_| {})).unwrap();
            prop_assert_eq!(owner, handles[index % 2].join(Arc::new(|_| {})).unwrap());
            world.owners.push(owner);
        }
        for (handle, passed, acts) in batches {
            world.now += passed;
            let changes: Vec<Change> = acts.iter().map(|act| world.change(act)).collect();
            let answers = memory.commit(&changes).unwrap();
            let of_file = handles[handle].commit(&changes).unwrap();
            prop_assert_eq!(&answers, &of_file, "to {:#?}", changes);
            for answer in answers.into_iter().flatten() {
                match answer {
                    Applied::Started { held, .. } => world.rights.push(held),
                    Applied::TakenUp(taken) => world.rights.extend(taken),
                    _ => {}
                }
            }
            let (plain, filed) = (told(&memory, world.now), told(&handles[1 - handle], world.now));
            prop_assert_eq!(plain, filed, "after {:#?}", changes);
        }
        handles[0].check().unwrap();
    }
}
