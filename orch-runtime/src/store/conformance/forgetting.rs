//! Going back, deleting and pruning.

use orch_core::run::{RunId, RunStatus};

use super::subject::{Subject, end, entry, new, signal, suspend, well};
use crate::store::{Applied, Change, NewRun, Refused, RunKey};

super::checks![
    a_rewound_run_goes_on_from_what_is_left,
    only_what_ended_goes_back,
    a_deleted_run_leaves_nothing,
    only_what_ended_is_deleted,
    children_go_with_their_parent,
    pruning_forgets_those_that_ended_first,
    pruning_keeps_children_and_what_they_belong_to,
    the_first_that_ended_is_found,
];

fn rewind(run: RunKey, drop: &[i64], add: &[i64]) -> Change {
    Change::Rewind {
        run,
        drop: drop.to_vec(),
        entries: add.iter().map(|seq| entry(*seq)).collect(),
        deadline: Some(66_000),
        now: 6_000,
    }
}

fn a_rewound_run_goes_on_from_what_is_left(subject: &Subject) {
    let held = subject.hold("a");
    let run = held.run;
    assert_eq!(subject.record(held, &[1, 2, 3, 4]), Ok(Applied::Done));
    assert!(subject.apply(signal("a", "go", None, "1")).is_ok());
    subject.done(Change::End {
        held,
        entries: vec![entry(5)],
        status: RunStatus::Failed,
        output: Some("1".to_owned()),
        error: Some("2".to_owned()),
        at: 5_000,
    });
    subject.done(rewind(run, &[2, 4, 99], &[4, 7]));
    let history = subject.history(run);
    assert_eq!(subject.seqs(run), [1, 3, 4, 5, 7]);
    let record = history.run;
    assert_eq!(
        (record.status, record.owner, record.ready_at),
        (RunStatus::Queued, None, Some(6_000))
    );
    assert_eq!(record.deadline, Some(66_000));
    assert_eq!(
        (record.output, record.error, record.ended_at),
        (None, None, None)
    );
    assert_eq!(history.signals.len(), 1, "signals stay");
    super::subject::assert_late(&subject.record(held, &[8]));
    let taken = subject.take_up(&["w"], 0, 1)[0];
    assert!(taken.fence > held.fence);
    assert_eq!(subject.record(taken, &[2]), Ok(Applied::Done));
}

fn only_what_ended_goes_back(subject: &Subject) {
    let held = subject.hold("a");
    let refused = |status| Err(Refused::NotEnded(status));
    assert_eq!(subject.record(held, &[1]), Ok(Applied::Done));
    assert_eq!(
        subject.apply(rewind(held.run, &[1], &[])),
        refused(RunStatus::Running)
    );
    subject.done(suspend(held, RunStatus::Parked, None));
    assert_eq!(
        subject.apply(rewind(held.run, &[1], &[])),
        refused(RunStatus::Parked)
    );
    assert_eq!(
        subject.apply(rewind(RunKey(99), &[], &[])),
        Err(Refused::NoRun(RunKey(99)))
    );
    let taken = subject.apply(Change::TakeUpOne {
        owner: subject.owner,
        run: held.run,
    });
    let Ok(Applied::TakenUp(taken)) = taken else {
        panic!("answered {taken:?}");
    };
    subject.done(end(taken[0], RunStatus::Failed, 5));
    let before = subject.history(held.run);
    let twice = Err(Refused::Recorded {
        run: held.run,
        seq: 1,
    });
    assert_eq!(subject.apply(rewind(held.run, &[], &[2, 1])), twice);
    let twice = Err(Refused::Recorded {
        run: held.run,
        seq: 3,
    });
    assert_eq!(subject.apply(rewind(held.run, &[1], &[3, 3])), twice);
    assert_eq!(
        subject.history(held.run),
        before,
        "what was refused was done in part"
    );
}

fn a_deleted_run_leaves_nothing(subject: &Subject) {
    let held = subject.hold("a");
    assert_eq!(subject.record(held, &[1, 2]), Ok(Applied::Done));
    assert!(subject.apply(signal("a", "go", Some("e"), "1")).is_ok());
    subject.done(end(held, RunStatus::Cancelled, 5));
    subject.ended(new("b"), 5);
    subject.done(Change::Delete { run: held.run });
    assert_eq!(well(subject.store.find(&RunId::new("a"))), None);
    assert_eq!(well(subject.store.load(held.run)), None);
    assert!(well(subject.store.signals(held.run, 0)).is_empty());
    assert_eq!(subject.kept(), ["b"]);
    assert_eq!(
        subject.apply(Change::Delete { run: held.run }),
        Err(Refused::NoRun(held.run))
    );
    let again = subject.hold("a");
    let history = subject.history(again.run);
    assert!(history.entries.is_empty() && history.signals.is_empty());
}

fn only_what_ended_is_deleted(subject: &Subject) {
    let held = subject.hold("a");
    let delete = || subject.apply(Change::Delete { run: held.run });
    assert_eq!(delete(), Err(Refused::NotEnded(RunStatus::Running)));
    subject.done(suspend(held, RunStatus::Paused, None));
    assert_eq!(delete(), Err(Refused::NotEnded(RunStatus::Paused)));
    assert_eq!(subject.kept(), ["a"]);
}

fn child(id: &str, parent: &str) -> NewRun {
    NewRun {
        parent: Some(RunId::new(parent)),
        ..new(id)
    }
}

fn children_go_with_their_parent(subject: &Subject) {
    let parent = subject.ended(new("parent"), 5);
    subject.ended(child("child", "parent"), 5);
    subject.ended(child("grandchild", "child"), 5);
    let last = subject.start(NewRun {
        owner: Some(subject.owner),
        ..child("last", "grandchild")
    });
    subject.ended(child("of another", "another"), 5);
    subject.ended(child("of itself", "of itself"), 5);
    let refused = Err(Refused::NotEnded(RunStatus::Running));
    assert_eq!(subject.apply(Change::Delete { run: parent }), refused);
    assert_eq!(subject.kept().len(), 6);
    subject.done(end(last, RunStatus::Failed, 5));
    subject.done(Change::Delete { run: parent });
    assert_eq!(subject.kept(), ["of another", "of itself"]);
    // Its own parent, it is forgotten once.
    let own = well(subject.store.find(&RunId::new("of itself"))).map(|run| run.key);
    subject.done(Change::Delete {
        run: own.unwrap_or(RunKey(0)),
    });
    assert_eq!(subject.kept(), ["of another"]);
}

fn prune(statuses: &[RunStatus], before: i64, limit: usize) -> Change {
    Change::Prune {
        statuses: statuses.to_vec(),
        before,
        limit,
    }
}

fn pruning_forgets_those_that_ended_first(subject: &Subject) {
    let ends = |id: &str, status, at| {
        let held = subject.hold(id);
        subject.done(end(held, status, at));
    };
    ends("third", RunStatus::Completed, 300);
    ends("first", RunStatus::Failed, 100);
    ends("second", RunStatus::Completed, 200);
    ends("cancelled", RunStatus::Cancelled, 50);
    ends("last", RunStatus::Failed, 400);
    subject.hold("held");
    let both = [
        RunStatus::Completed,
        RunStatus::Failed,
        RunStatus::Completed,
        RunStatus::Running,
    ];
    let pruned = |count| Ok(Applied::Pruned(count));
    assert_eq!(
        subject.apply(prune(&both, 100, 9)),
        pruned(0),
        "at the time is not before it"
    );
    assert_eq!(subject.apply(prune(&[], 900, 9)), pruned(0));
    assert_eq!(subject.apply(prune(&both, 900, 0)), pruned(0));
    assert_eq!(subject.apply(prune(&both, 400, 2)), pruned(2));
    assert_eq!(subject.kept(), ["third", "cancelled", "last", "held"]);
    assert_eq!(subject.apply(prune(&both, 400, 2)), pruned(1));
    assert_eq!(
        subject.apply(prune(&RunStatus::ALL, i64::MAX, usize::MAX)),
        pruned(2)
    );
    assert_eq!(subject.kept(), ["held"]);
}

fn the_first_that_ended_is_found(subject: &Subject) {
    let first = |status, since| well(subject.store.first_ended(status, since));
    assert_eq!(first(RunStatus::Completed, i64::MIN), None);
    subject.ended(new("second"), 200);
    subject.ended(new("first"), 100);
    subject.ended(child("child", "first"), 50);
    let failed = subject.hold("failed");
    subject.done(end(failed, RunStatus::Failed, 10));
    let held = subject.hold("held");
    assert_eq!(first(RunStatus::Completed, i64::MIN), Some(100));
    assert_eq!(first(RunStatus::Completed, 100), Some(100));
    assert_eq!(first(RunStatus::Completed, 101), Some(200));
    assert_eq!(first(RunStatus::Completed, 201), None);
    assert_eq!(first(RunStatus::Failed, 0), Some(10));
    assert_eq!(first(RunStatus::Running, 0), None);
    subject.done(Change::Delete { run: failed.run });
    assert_eq!(first(RunStatus::Failed, 0), None);
    subject.done(end(held, RunStatus::Cancelled, 70));
    assert_eq!(first(RunStatus::Cancelled, 0), Some(70));
}

fn pruning_keeps_children_and_what_they_belong_to(subject: &Subject) {
    subject.ended(new("parent"), 100);
    subject.ended(child("child", "parent"), 50);
    subject.ended(new("busy"), 10);
    let held = subject.start(NewRun {
        owner: Some(subject.owner),
        ..child("still", "busy")
    });
    subject.ended(new("later"), 200);
    let all = [RunStatus::Completed];
    assert_eq!(
        subject.apply(prune(&all, 100, 9)),
        Ok(Applied::Pruned(0)),
        "a child goes with its parent"
    );
    // What cannot go takes nobody's place.
    assert_eq!(subject.apply(prune(&all, 900, 1)), Ok(Applied::Pruned(1)));
    assert_eq!(subject.kept(), ["busy", "still", "later"]);
    subject.done(end(held, RunStatus::Completed, 300));
    assert_eq!(subject.apply(prune(&all, 900, 1)), Ok(Applied::Pruned(1)));
    assert_eq!(subject.kept(), ["later"]);
}
