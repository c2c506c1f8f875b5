//! What may be taken up, when, and who goes first.

use std::collections::HashSet;
use std::sync::Arc;
use std::thread::{self, ScopedJoinHandle};

use orch_core::run::RunStatus;

use super::subject::{Subject, any, end, new, suspend, well};
use crate::store::{AGEING, Applied, Change, NewRun, Refused, RunKey};

super::checks![
    those_that_wait_longest_go_first,
    priorities_go_first_and_age,
    no_more_are_taken_than_are_asked_for,
    limits_of_workflows_hold_across_owners,
    only_what_is_ready_is_taken,
    what_is_ready_at_once_asks_no_clock,
    one_run_is_taken_whether_it_is_ready_or_not,
    the_next_ready_is_what_would_be_taken,
    whoever_left_takes_nothing,
    runs_are_taken_once_however_many_take,
];

fn those_that_wait_longest_go_first(subject: &Subject) {
    for (id, at) in [
        ("late", 3_000),
        ("early", 1_000),
        ("same", 2_000),
        ("as that", 2_000),
    ] {
        subject.start(NewRun { at, ..new(id) });
    }
    assert_eq!(
        subject.taken(&["w"], 9_000, 9),
        ["early", "same", "as that", "late"]
    );
    assert!(subject.taken(&["w"], 9_000, 9).is_empty());
}

fn priorities_go_first_and_age(subject: &Subject) {
    let hour = 3_600_000;
    let cases = [
        ("plain", 0, hour),
        ("a point ahead", 1, hour),
        ("as far ahead as it came later", 10, hour + 10 * AGEING),
        (
            "a moment too late for its points",
            10,
            hour + 10 * AGEING + 1,
        ),
        ("urgent", 100, hour),
        ("of long ago", 0, hour - 100 * AGEING - 1),
        ("of the beginning", 100, i64::MIN),
    ];
    for (id, priority, at) in cases {
        subject.start(NewRun {
            priority,
            at,
            ..new(id)
        });
    }
    // Of another workflow, between those of the first.
    subject.start(NewRun {
        workflow: "v".to_owned(),
        priority: 50,
        at: hour,
        ..new("of another")
    });
    let expected = [
        "of the beginning",
        "of long ago",
        "urgent",
        "of another",
        "a point ahead",
        "plain",
        "as far ahead as it came later",
        "a moment too late for its points",
    ];
    assert_eq!(subject.taken(&["w", "v"], 2 * hour, 99), expected);
}

fn no_more_are_taken_than_are_asked_for(subject: &Subject) {
    for id in ["a", "b", "c", "d"] {
        subject.queue(id);
    }
    assert!(subject.taken(&["w"], 9_000, 0).is_empty());
    assert_eq!(subject.taken(&["w"], 9_000, 1), ["a"]);
    assert_eq!(subject.taken(&["w", "w"], 9_000, 2), ["b", "c"]);
    assert!(subject.taken(&[], 9_000, 2).is_empty());
    assert!(subject.taken(&["W", "ww", ""], 9_000, 2).is_empty());
    assert_eq!(subject.taken(&["w"], 9_000, usize::MAX), ["d"]);
}

fn limits_of_workflows_hold_across_owners(subject: &Subject) {
    let of = |workflow: &str, id: &str| {
        subject.start(NewRun {
            workflow: workflow.to_owned(),
            ..new(id)
        });
    };
    for id in ["w1", "w2", "w3"] {
        of("w", id);
    }
    for id in ["v1", "v2"] {
        of("v", id);
    }
    subject.start(NewRun {
        owner: Some(subject.other),
        ..new("held by the other")
    });
    let limits: Arc<[_]> = Arc::from([("w".to_owned(), Some(2)), ("v".to_owned(), Some(0))]);
    let first = subject.take_up_of(Arc::clone(&limits), 9_000, 9);
    assert_eq!(first.len(), 1, "one is held already, and two may be");
    assert!(subject.take_up_of(Arc::clone(&limits), 9_000, 9).is_empty());
    let without = Arc::from([("w".to_owned(), Some(2)), ("v".to_owned(), None)]);
    assert_eq!(
        subject.take_up_of(without, 9_000, 9).len(),
        2,
        "both of the one without a limit"
    );
    subject.done(end(first[0], RunStatus::Completed, 9_000));
    assert_eq!(subject.take_up_of(Arc::clone(&limits), 9_000, 9).len(), 1);
    // What is held by nobody since its owner died does not count.
    subject.done(Change::Release {
        owner: subject.other,
        now: 9_001,
    });
    assert_eq!(subject.take_up_of(limits, 9_001, 9).len(), 1);
}

fn only_what_is_ready_is_taken(subject: &Subject) {
    let rest = |id: &str, status, ready_at| {
        let held = subject.hold(id);
        subject.done(suspend(held, status, ready_at));
    };
    rest("timed", RunStatus::Waiting, Some(5_000));
    rest("later", RunStatus::Waiting, Some(6_000));
    rest("for a signal", RunStatus::Waiting, None);
    rest("paused", RunStatus::Paused, None);
    rest("parked", RunStatus::Parked, None);
    subject.hold("held");
    subject.ended(new("ended"), 2_000);
    assert!(subject.taken(&["w"], 4_999, 9).is_empty());
    assert_eq!(subject.taken(&["w"], 5_000, 9), ["timed"]);
    assert_eq!(subject.taken(&["w"], i64::MAX, 9), ["later"]);
}

fn what_is_ready_at_once_asks_no_clock(subject: &Subject) {
    // The clock was set back by a day since.
    let day = 86_400_000;
    let late = |id: &str| NewRun { at: day, ..new(id) };
    subject.start(late("queued"));
    subject.start(NewRun {
        owner: Some(subject.other),
        ..late("released")
    });
    subject.done(Change::Release {
        owner: subject.other,
        now: day,
    });
    let held = subject.hold("signalled");
    subject.done(suspend(held, RunStatus::Waiting, Some(2 * day)));
    let mut signal = super::subject::signal("signalled", "go", None, "null");
    if let Change::Signal { at, .. } = &mut signal {
        *at = day;
    }
    assert!(subject.apply(signal).is_ok());
    let ended = subject.ended(late("rewound"), day);
    subject.done(Change::Rewind {
        run: ended,
        drop: Vec::new(),
        entries: Vec::new(),
        deadline: None,
        now: day,
    });
    let held = subject.hold("timed");
    subject.done(suspend(held, RunStatus::Waiting, Some(day)));
    assert_eq!(well(subject.store.next_ready(&any(&["w"]))), Some(0));
    let mut taken = subject.taken(&["w"], 0, 9);
    taken.sort();
    assert_eq!(taken, ["queued", "released", "rewound", "signalled"]);
    assert_eq!(well(subject.store.next_ready(&any(&["w"]))), Some(day));
}

fn one_run_is_taken_whether_it_is_ready_or_not(subject: &Subject) {
    let one = |run| {
        subject.apply(Change::TakeUpOne {
            owner: subject.owner,
            run,
        })
    };
    let queued = subject.queue("queued");
    let held = subject.hold("waiting");
    subject.done(suspend(held, RunStatus::Waiting, None));
    for run in [queued, held.run] {
        let answer = one(run);
        let Ok(Applied::TakenUp(taken)) = answer else {
            panic!("answered {answer:?}");
        };
        assert_eq!((taken.len(), taken[0].run), (1, run));
        assert_eq!(subject.record(taken[0], &[1]), Ok(Applied::Done));
        assert_eq!(one(run), Ok(Applied::TakenUp(Vec::new())), "it is held");
    }
    let ended = subject.ended(new("ended"), 2_000);
    assert_eq!(one(ended), Ok(Applied::TakenUp(Vec::new())), "it has ended");
    assert_eq!(one(RunKey(9_999)), Err(Refused::NoRun(RunKey(9_999))));
}

fn the_next_ready_is_what_would_be_taken(subject: &Subject) {
    let next = |workflows: &[(String, Option<u32>)]| well(subject.store.next_ready(workflows));
    assert_eq!(next(&any(&["w", "v"])), None);
    for (id, workflow, priority, at) in [
        ("a", "w", 0, 7_000),
        ("b", "w", 90, 8_000),
        ("c", "v", 90, 6_000),
        ("d", "v", 10, 9_000),
    ] {
        let workflow = workflow.to_owned();
        let held = subject.start(NewRun {
            workflow,
            priority,
            owner: Some(subject.owner),
            ..new(id)
        });
        subject.done(suspend(held, RunStatus::Waiting, Some(at)));
    }
    assert_eq!(next(&any(&["w", "v"])), Some(6_000));
    assert_eq!(next(&any(&["w"])), Some(7_000));
    assert_eq!(next(&any(&["x"])), None);
    assert_eq!(next(&[]), None);
    let limited = [("w".to_owned(), Some(1)), ("v".to_owned(), Some(0))];
    assert_eq!(next(&limited), Some(7_000));
    assert_eq!(
        subject
            .take_up_of(Arc::from(limited.clone()), 9_999, 9)
            .len(),
        1
    );
    assert_eq!(next(&limited), None, "what has no room is not ready");
    subject.start(NewRun {
        at: i64::MAX,
        ..new("at once")
    });
    assert_eq!(next(&any(&["w"])), Some(0));
}

fn whoever_left_takes_nothing(subject: &Subject) {
    let queued = subject.queue("queued");
    let owner = subject.other;
    well(subject.store.leave(owner));
    let refused = Err(Refused::NotJoined(owner));
    let change = Change::TakeUp {
        owner,
        workflows: any(&["w"]),
        now: 9_000,
        limit: 1,
    };
    assert_eq!(subject.apply(change), refused);
    assert_eq!(
        subject.apply(Change::TakeUpOne { owner, run: queued }),
        refused
    );
    let started = Change::Start(Box::new(NewRun {
        owner: Some(owner),
        ..new("started")
    }));
    assert_eq!(subject.apply(started), refused);
    assert_eq!(subject.kept(), ["queued"]);
    // What is there already is there for everybody.
    let again = Change::Start(Box::new(NewRun {
        owner: Some(owner),
        ..new("queued")
    }));
    assert!(matches!(
        subject.apply(again),
        Ok(Applied::Started { fresh: false, .. })
    ));
    well(subject.store.leave(owner));
}

fn runs_are_taken_once_however_many_take(subject: &Subject) {
    const RUNS: usize = 200;
    for run in 0..RUNS {
        subject.queue(&format!("run-{run}"));
    }
    let take = |owner| {
        let mut taken = Vec::new();
        loop {
            let change = Change::TakeUp {
                owner,
                workflows: any(&["w"]),
                now: 9_000,
                limit: 3,
            };
            match subject.apply(change) {
                Ok(Applied::TakenUp(held)) if held.is_empty() => return taken,
                Ok(Applied::TakenUp(held)) => taken.extend(held),
                other => panic!("taking up was answered {other:?}"),
            }
        }
    };
    let taken: Vec<_> = thread::scope(|scope| {
        let owners = [subject.owner, subject.other, subject.owner, subject.other];
        let takers: Vec<_> = owners
            .into_iter()
            .map(|owner| scope.spawn(move || take(owner)))
            .collect();
        let taken = takers.into_iter().map(ScopedJoinHandle::join);
        taken.flat_map(Result::unwrap_or_default).collect()
    });
    let distinct: HashSet<RunKey> = taken.iter().map(|held| held.run).collect();
    assert_eq!((taken.len(), distinct.len()), (RUNS, RUNS));
}
