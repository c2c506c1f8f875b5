//! What each thing costs, counted in the instructions of SQLite's machine, which do not depend on the time of day.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use orch_core::run::{RunId, RunStatus};
use rusqlite::Connection;

use super::write::Writer;
use super::{list, read, schema};
use crate::store::{Applied, Change, Entry, EntryKind, Filter, Held, NewRun, OwnerId, RunKey};

/// A database with so many runs of each kind that is kept: ended, asleep, waiting, parked, queued and released.
fn populated(each: i64) -> Connection {
    let mut db = Connection::open_in_memory().unwrap();
    schema::prepare(&mut db, "memory".as_ref()).unwrap();
    for (kind, status, ready_at, timed, ended_at) in [
        ("done", "completed", "NULL", 0, "n"),
        ("lost", "failed", "NULL", 0, "n"),
        ("asleep", "waiting", "100000 + n", 1, "NULL"),
        ("waits", "waiting", "NULL", 1, "NULL"),
        ("parked", "parked", "NULL", 1, "NULL"),
        ("queued", "queued", "n", 0, "NULL"),
        ("released", "running", "n", 0, "NULL"),
    ] {
        let rows = format!(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {each})
             INSERT INTO runs (id, workflow, version, fingerprint, status, owner, fence, priority, ready_at, timed,
                               started_at, ended_at, correlation_id, parent)
             SELECT '{kind}-' || n, CASE n % 2 WHEN 0 THEN 'w' ELSE 'v' END, '1', 'f', '{status}', NULL, 1, n % 3 * 50,
                    {ready_at}, {timed}, n, {ended_at}, 'c-' || n,
                    CASE n % 5 WHEN 0 THEN '{kind}-' || (n - 1) END
             FROM numbers"
        );
        db.execute_batch(&rows).unwrap();
    }
    db.execute_batch(
        "INSERT INTO inputs SELECT key, 'null' FROM runs;
         INSERT INTO entries SELECT key, 1, 'n', 'done', '1', NULL, 1 FROM runs;
         INSERT INTO signals (run, name, event, value, at) SELECT key, 's', 'e-' || key, '1', 1 FROM runs;
         INSERT INTO kept SELECT 'cache', id, '1', 100000 + key FROM runs;
         INSERT INTO owners VALUES (1, 0, 0, 'token', 0), (2, 0, 0, 'token', 0);",
    )
    .unwrap();
    db
}

/// What things cost, by their names.
struct Costs {
    spent: Arc<AtomicU64>,
    costs: Vec<(&'static str, u64)>,
}

impl Costs {
    fn of(db: &mut Connection) -> Self {
        let spent = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&spent);
        let handler = move || {
            count.fetch_add(1, Ordering::Relaxed);
            false
        };
        db.progress_handler(1, Some(handler)).unwrap();
        Self {
            spent,
            costs: Vec::new(),
        }
    }

    fn note<T>(&mut self, what: &'static str, work: impl FnOnce() -> T) -> T {
        self.spent.store(0, Ordering::Relaxed);
        let value = work();
        self.costs.push((what, self.spent.load(Ordering::Relaxed)));
        value
    }
}

fn reads(db: &Connection, costs: &mut Costs) {
    let workflows = [("w".to_owned(), Some(9)), ("v".to_owned(), None)];
    let asleep = [("x".to_owned(), None)];
    let filter = || Filter {
        limit: 5,
        ..Filter::default()
    };
    costs.note("find", || {
        read::find(db, &RunId::new("waits-7")).unwrap().unwrap()
    });
    costs.note("load", || read::load(db, RunKey(7)).unwrap().unwrap());
    costs.note("signals", || read::signals(db, RunKey(7), 0).unwrap());
    costs.note("next ready", || {
        read::next_ready(db, &workflows).unwrap().unwrap()
    });
    costs.note("next ready of none", || {
        read::next_ready(db, &asleep).unwrap()
    });
    costs.note("get", || {
        read::get(db, "cache", "waits-7", 0).unwrap().unwrap()
    });
    costs.note("list", || list::list(db, &filter()).unwrap());
    let statuses = vec![RunStatus::Failed, RunStatus::Running];
    for (what, filter) in [
        (
            "list of a workflow",
            Filter {
                workflow: Some("w".into()),
                ..filter()
            },
        ),
        (
            "list of statuses",
            Filter {
                statuses: statuses.clone(),
                ..filter()
            },
        ),
        (
            "list of both",
            Filter {
                workflow: Some("v".into()),
                statuses,
                ..filter()
            },
        ),
        (
            "list of a correlation",
            Filter {
                correlation_id: Some("c-7".into()),
                ..filter()
            },
        ),
        (
            "list of a parent",
            Filter {
                parent: Some(RunId::new("done-4")),
                ..filter()
            },
        ),
        (
            "list below",
            Filter {
                below: Some(RunKey(50)),
                ..filter()
            },
        ),
    ] {
        let listed = costs.note(what, || list::list(db, &filter).unwrap());
        assert!(!listed.is_empty() && listed.len() <= 7, "{what}");
    }
}

fn entries(seq: i64) -> Vec<Entry> {
    vec![Entry {
        seq,
        node: "n".into(),
        kind: EntryKind::Done,
        value: None,
        item: None,
        at: 1,
    }]
}

fn writes(db: Connection, costs: &mut Costs) {
    let told = AtomicI64::new(5);
    let mut writer = Writer::new(db);
    let owner = OwnerId(1);
    let mut apply = |what, change: Change| {
        let committed = costs.note(what, || writer.commit(&[change], &told).unwrap());
        committed.value.into_iter().next().unwrap().unwrap()
    };
    // Statements are prepared the first time, which costs nothing later.
    let mut held = Held {
        run: RunKey(0),
        fence: 0,
    };
    for (id, what) in [("new", "start"), ("newer", "start again")] {
        let new = NewRun {
            id: RunId::new(id),
            workflow: "w".into(),
            version: "1".into(),
            fingerprint: "f".into(),
            input: "1".into(),
            correlation_id: None,
            parent: None,
            priority: 1,
            at: 5,
            deadline: None,
            owner: Some(owner),
            entries: Vec::new(),
            at_most: None,
            artifacts: Vec::new(),
            artifacts_of: None,
        };
        if let Applied::Started { held: of, .. } = apply(what, Change::Start(Box::new(new))) {
            held = of;
        }
    }
    apply(
        "record",
        Change::Record {
            held,
            entries: entries(1),
        },
    );
    let waits = |seen| Change::Suspend {
        held,
        entries: entries(2),
        status: RunStatus::Waiting,
        ready_at: Some(200_000),
        seen,
        reason: None,
    };
    apply("suspend", waits(i64::MAX));
    let signal = Change::Signal {
        run: RunId::new("newer"),
        name: "s".into(),
        event: Some("e".into()),
        value: "1".into(),
        at: 5,
    };
    apply("signal", signal.clone());
    apply("signal again", signal);
    let workflows: Arc<[_]> = [("w".to_owned(), Some(90)), ("v".to_owned(), None)].into();
    let take = |limit| Change::TakeUp {
        owner,
        workflows: Arc::clone(&workflows),
        now: 9,
        limit,
    };
    let Applied::TakenUp(taken) = apply("take up", take(5)) else {
        panic!("not taken up");
    };
    assert_eq!(taken.len(), 5);
    let end = |held| Change::End {
        held,
        entries: entries(3),
        status: RunStatus::Completed,
        output: None,
        error: None,
        at: 6,
    };
    apply("end", end(taken[0]));
    apply("release", Change::Release { owner, now: 7 });
    apply(
        "rewind",
        Change::Rewind {
            run: taken[0].run,
            drop: vec![1],
            entries: Vec::new(),
            deadline: None,
            now: 8,
        },
    );
    apply("delete", Change::Delete { run: RunKey(7) });
    let statuses = vec![RunStatus::Completed, RunStatus::Failed];
    apply(
        "prune",
        Change::Prune {
            statuses,
            before: 90,
            limit: 5,
        },
    );
    let put = |key: &str| Change::Put {
        space: "cache",
        key: key.into(),
        value: "1".into(),
        expires_at: Some(1),
    };
    apply("put", put("a"));
    apply(
        "remove",
        Change::Remove {
            space: "cache",
            key: "a".into(),
        },
    );
}

fn costs(each: i64) -> Vec<(&'static str, u64)> {
    let mut db = populated(each);
    let mut costs = Costs::of(&mut db);
    reads(&db, &mut costs);
    writes(db, &mut costs);
    costs.costs
}

#[test]
fn what_a_step_costs_does_not_depend_on_how_many_runs_are_kept() {
    let (few, many) = (costs(100), costs(10_000));
    let dear: Vec<String> = few
        .iter()
        .zip(&many)
        .filter(|((_, few), (_, many))| *many > few + few / 10)
        .map(|((what, few), (_, many))| {
            format!("{what}: {few} instructions among few, {many} among many")
        })
        .collect();
    assert!(dear.is_empty(), "{dear:#?}");
    // The count counts.
    assert!(
        few.iter().all(|(_, cost)| (1..5_000).contains(cost)),
        "{few:?}"
    );
}
