//! Starting, recording, letting go and ending.

use orch_core::run::{RunId, RunStatus};

use super::subject::{Subject, assert_late, end, entry, new, suspend, well};
use crate::store::{
    Applied, AtMost, Change, Crowded, Entry, EntryKind, Held, NewRun, Refused, RunKey, RunRecord,
};

super::checks![
    a_run_is_kept_as_it_was_given,
    a_run_without_an_owner_is_queued,
    an_id_that_is_kept_stays_as_it_is,
    numbers_ascend_and_are_never_given_twice,
    a_fork_begins_with_entries,
    entries_come_back_in_the_order_of_their_numbers,
    an_entry_is_recorded_once,
    a_late_writer_changes_nothing,
    what_is_let_go_of_stands_as_was_said,
    what_ends_stands_as_was_said,
    a_run_rests_and_ends_with_fitting_statuses,
    no_more_start_than_may_be_under_way,
    a_run_too_many_is_kept_as_ended,
    the_oldest_run_is_asked_to_make_room_once,
];

/// A new run, of which at most two may be under way.
fn one_of_two(id: &str, then: Crowded) -> NewRun {
    let at_most = AtMost { runs: 2, then };
    NewRun {
        at_most: Some(at_most),
        ..new(id)
    }
}

fn no_more_start_than_may_be_under_way(subject: &Subject) {
    let start = |id| subject.apply(Change::Start(Box::new(one_of_two(id, Crowded::Refuse))));
    let held = subject.hold("a");
    assert!(start("b").is_ok());
    assert_eq!(start("c"), Err(Refused::Crowded { at_most: 2 }));
    assert_eq!(well(subject.store.find(&RunId::new("c"))), None);
    let again = start("b");
    assert!(
        matches!(again, Ok(Applied::Started { fresh: false, .. })),
        "one that is kept already is no other: {again:?}"
    );
    let other = NewRun {
        workflow: "another".to_owned(),
        ..one_of_two("d", Crowded::Refuse)
    };
    assert!(subject.apply(Change::Start(Box::new(other))).is_ok());
    // In one transaction, the second sees the first.
    subject.done(end(held, RunStatus::Completed, 5));
    let two = ["e", "f"].map(|id| Change::Start(Box::new(one_of_two(id, Crowded::Refuse))));
    let answers = well(subject.store.commit(&two));
    assert!(answers[0].is_ok());
    assert_eq!(answers[1], Err(Refused::Crowded { at_most: 2 }));
}

fn a_run_too_many_is_kept_as_ended(subject: &Subject) {
    subject.hold("a");
    subject.hold("b");
    let then = |status| Crowded::End {
        status,
        error: r#"{"reason":"too many"}"#.to_owned(),
    };
    let new = NewRun {
        owner: Some(subject.owner),
        ..one_of_two("c", then(RunStatus::Cancelled))
    };
    let answer = subject.apply(Change::Start(Box::new(new)));
    let Ok(Applied::Started {
        held,
        fresh: true,
        status: RunStatus::Cancelled,
    }) = answer
    else {
        panic!("answered {answer:?}");
    };
    let run = subject.run(held.run);
    assert_eq!(
        (run.status, run.owner, run.ready_at, run.ended_at),
        (RunStatus::Cancelled, None, None, Some(1_000))
    );
    assert_eq!(run.error.as_deref(), Some(r#"{"reason":"too many"}"#));
    assert_late(&subject.record(held, &[1]));
    let unfit = one_of_two("d", then(RunStatus::Waiting));
    assert_eq!(
        subject.apply(Change::Start(Box::new(unfit))),
        Err(Refused::Status(RunStatus::Waiting))
    );
}

fn the_oldest_run_is_asked_to_make_room_once(subject: &Subject) {
    let (a, b) = (subject.hold("a"), subject.hold("b"));
    let then = Crowded::Signal {
        name: "@cancel".to_owned(),
        value: "\"make room\"".to_owned(),
    };
    let asked = |held: Held| {
        let signals = well(subject.store.signals(held.run, 0));
        let names = signals.iter().map(|signal| signal.name.as_str());
        names.collect::<Vec<_>>().join(" ")
    };
    for (id, first, second) in [("c", "@cancel", ""), ("d", "@cancel", "@cancel")] {
        let answer = subject.apply(Change::Start(Box::new(one_of_two(id, then.clone()))));
        assert!(matches!(answer, Ok(Applied::Started { fresh: true, .. })));
        assert_eq!((asked(a).as_str(), asked(b).as_str()), (first, second));
    }
}

fn a_run_is_kept_as_it_was_given(subject: &Subject) {
    let given = NewRun {
        id: RunId::new("order-42"),
        workflow: "checkout".to_owned(),
        version: "1.2.0".to_owned(),
        fingerprint: "5f3a".to_owned(),
        input: r#"{"order": 42}"#.to_owned(),
        correlation_id: Some("customer-7".to_owned()),
        parent: Some(RunId::new("order-41")),
        priority: 100,
        at: 1_700_000_000_123,
        deadline: Some(1_700_000_060_123),
        owner: Some(subject.owner),
        entries: Vec::new(),
        at_most: None,
        artifacts: Vec::new(),
        artifacts_of: None,
    };
    let answer = subject.apply(Change::Start(Box::new(given.clone())));
    let Ok(Applied::Started {
        held,
        fresh: true,
        status: RunStatus::Running,
    }) = answer
    else {
        panic!("answered {answer:?}");
    };
    let kept = RunRecord {
        key: held.run,
        id: given.id.clone(),
        workflow: given.workflow,
        version: given.version,
        fingerprint: given.fingerprint,
        status: RunStatus::Running,
        input: given.input,
        output: None,
        error: None,
        correlation_id: "customer-7".to_owned(),
        parent: given.parent,
        priority: 100,
        owner: Some(subject.owner),
        fence: held.fence,
        started_at: given.at,
        ended_at: None,
        ready_at: None,
        deadline: given.deadline,
        reason: None,
    };
    assert_eq!(well(subject.store.find(&given.id)), Some(kept.clone()));
    let history = subject.history(held.run);
    assert_eq!(history.run, kept);
    assert!(history.entries.is_empty() && history.signals.is_empty());
    assert_eq!(well(subject.store.find(&RunId::new("order"))), None);
    assert_eq!(well(subject.store.load(RunKey(held.run.0 + 1))), None);
    assert_eq!(well(subject.store.load(RunKey(-1))), None);
}

fn a_run_without_an_owner_is_queued(subject: &Subject) {
    let answer = subject.apply(Change::Start(Box::new(new("a"))));
    let Ok(Applied::Started {
        held,
        fresh: true,
        status: RunStatus::Queued,
    }) = answer
    else {
        panic!("answered {answer:?}");
    };
    let run = subject.run(held.run);
    assert_eq!(
        (run.owner, run.status, run.ready_at),
        (None, RunStatus::Queued, Some(1_000))
    );
    assert_eq!(
        run.correlation_id, "a",
        "a run's correlation id is its id unless another is given"
    );
    assert_late(&subject.record(held, &[1]));
}

fn an_id_that_is_kept_stays_as_it_is(subject: &Subject) {
    let held = subject.hold("a");
    let again = NewRun {
        workflow: "another".to_owned(),
        input: "1".to_owned(),
        entries: vec![entry(1)],
        owner: Some(subject.other),
        ..new("a")
    };
    let before = subject.history(held.run);
    let answer = subject.apply(Change::Start(Box::new(again.clone())));
    assert_eq!(
        answer,
        Ok(Applied::Started {
            held,
            fresh: false,
            status: RunStatus::Running
        })
    );
    assert_eq!(subject.history(held.run), before);
    subject.done(end(held, RunStatus::Failed, 5));
    let answer = subject.apply(Change::Start(Box::new(again)));
    let Ok(Applied::Started {
        held: now,
        fresh: false,
        status: RunStatus::Failed,
    }) = answer
    else {
        panic!("answered {answer:?}");
    };
    assert_eq!(now.run, held.run);
}

fn numbers_ascend_and_are_never_given_twice(subject: &Subject) {
    let first = subject.hold("a");
    let second = subject.hold("b");
    assert!(second.run > first.run);
    subject.done(end(second, RunStatus::Completed, 5));
    subject.done(Change::Delete { run: second.run });
    let third = subject.hold("b");
    assert!(third.run > second.run, "a number was given twice");
}

fn a_fork_begins_with_entries(subject: &Subject) {
    let entries = vec![
        entry(1),
        Entry {
            item: Some("key".to_owned()),
            ..entry(4)
        },
    ];
    let fork = NewRun {
        entries: entries.clone(),
        owner: Some(subject.owner),
        ..new("fork")
    };
    let held = subject.start(fork);
    assert_eq!(subject.history(held.run).entries, entries);
    let twice = NewRun {
        entries: vec![entry(1), entry(1)],
        ..new("twice")
    };
    let answer = subject.apply(Change::Start(Box::new(twice)));
    assert!(
        matches!(answer, Err(Refused::Recorded { seq: 1, .. })),
        "{answer:?}"
    );
    assert_eq!(well(subject.store.find(&RunId::new("twice"))), None);
}

fn entries_come_back_in_the_order_of_their_numbers(subject: &Subject) {
    let held = subject.hold("a");
    let beside = subject.hold("b");
    let kinds = EntryKind::ALL.into_iter().zip(1..);
    let entries: Vec<Entry> = kinds
        .map(|(kind, seq)| Entry {
            kind,
            value: (seq % 2 == 0).then(|| format!("{seq}")),
            item: (seq % 3 == 0).then(|| format!("item-{seq}")),
            // Times say nothing about the order.
            at: 1_000 - seq,
            ..entry(seq)
        })
        .collect();
    let (early, late) = entries.split_at(5);
    for part in [late, early] {
        subject.done(Change::Record {
            held,
            entries: part.to_vec(),
        });
        subject.done(Change::Record {
            held: beside,
            entries: vec![entry(part[0].seq)],
        });
    }
    subject.done(Change::Record {
        held,
        entries: Vec::new(),
    });
    assert_eq!(subject.history(held.run).entries, entries);
    assert_eq!(subject.seqs(beside.run), [1, 6]);
}

fn an_entry_is_recorded_once(subject: &Subject) {
    let held = subject.hold("a");
    subject.done(Change::Record {
        held,
        entries: vec![entry(2)],
    });
    let run = held.run;
    for seqs in [&[2][..], &[1, 2], &[3, 2, 4], &[5, 5]] {
        let answer = subject.record(held, seqs);
        assert!(
            matches!(answer, Err(Refused::Recorded { run: of, .. }) if of == run),
            "{answer:?}"
        );
    }
    let with = |entries| Change::Suspend {
        held,
        entries,
        status: RunStatus::Waiting,
        ready_at: None,
        seen: i64::MAX,
        reason: None,
    };
    assert_eq!(
        subject.apply(with(vec![entry(2)])),
        Err(Refused::Recorded { run, seq: 2 })
    );
    assert_eq!(
        subject.apply(with(vec![entry(7), entry(7)])),
        Err(Refused::Recorded { run, seq: 7 })
    );
    assert_eq!(
        subject.seqs(run),
        [2],
        "what was refused was recorded in part"
    );
    assert_eq!(subject.run(run).owner, Some(subject.owner));
    assert_eq!(subject.record(held, &[1, 3]), Ok(Applied::Done));
}

/// Everything that takes the right to change a run.
fn writes(held: Held) -> [Change; 3] {
    [
        Change::Record {
            held,
            entries: vec![entry(9)],
        },
        suspend(held, RunStatus::Waiting, None),
        end(held, RunStatus::Completed, 9),
    ]
}

fn a_late_writer_changes_nothing(subject: &Subject) {
    let all_refused = |held: Held, when: &str| {
        let before = subject.history(held.run);
        for change in writes(held) {
            let answer = subject.apply(change);
            let Err(Refused::Fenced { held: named, fence }) = answer else {
                panic!("{when}: {answer:?}");
            };
            assert_eq!((named, fence), (held, before.run.fence), "{when}");
        }
        assert_eq!(subject.history(held.run), before, "{when}");
    };
    let first = subject.hold("a");
    assert_eq!(subject.record(first, &[1]), Ok(Applied::Done));
    all_refused(
        Held {
            fence: first.fence + 1,
            ..first
        },
        "with a token that was never given",
    );
    subject.done(Change::Release {
        owner: subject.owner,
        now: 2,
    });
    all_refused(first, "after it was released");
    let second = subject.take_up(&["w"], 3, 1)[0];
    assert!(second.fence > first.fence, "the token did not grow");
    all_refused(first, "after it was taken up again");
    assert_eq!(subject.record(second, &[2]), Ok(Applied::Done));
    subject.done(suspend(second, RunStatus::Waiting, None));
    all_refused(second, "after it was let go of");
    let owner = subject.other;
    let answer = subject.apply(Change::TakeUpOne {
        owner,
        run: first.run,
    });
    let Ok(Applied::TakenUp(third)) = answer else {
        panic!("answered {answer:?}");
    };
    subject.done(end(third[0], RunStatus::Completed, 5));
    all_refused(third[0], "after it ended");
    subject.done(Change::Delete { run: first.run });
    for change in writes(first) {
        assert_eq!(subject.apply(change), Err(Refused::NoRun(first.run)));
    }
}

fn what_is_let_go_of_stands_as_was_said(subject: &Subject) {
    let cases = [
        (RunStatus::Queued, Some(0), None),
        (RunStatus::Waiting, Some(77), None),
        (RunStatus::Waiting, None, None),
        (RunStatus::Paused, None, Some("by hand")),
        (RunStatus::Parked, None, Some("its graph changed")),
    ];
    for (index, (status, ready_at, reason)) in cases.into_iter().enumerate() {
        let held = subject.hold(&format!("run-{index}"));
        subject.done(Change::Suspend {
            held,
            entries: vec![entry(1)],
            status,
            ready_at,
            seen: 0,
            reason: reason.map(ToOwned::to_owned),
        });
        let run = subject.run(held.run);
        assert_eq!(
            (run.status, run.owner, run.ready_at),
            (status, None, ready_at)
        );
        assert_eq!(run.reason.as_deref(), reason);
        assert_eq!((run.ended_at, subject.seqs(held.run)), (None, vec![1]));
        subject
            .apply(Change::TakeUpOne {
                owner: subject.owner,
                run: held.run,
            })
            .ok();
        let run = subject.run(held.run);
        assert_eq!(
            (run.status, run.ready_at, run.reason),
            (RunStatus::Running, None, None)
        );
    }
}

fn what_ends_stands_as_was_said(subject: &Subject) {
    let ended = RunStatus::ALL
        .into_iter()
        .filter(|status| status.is_ended());
    for status in ended {
        let held = subject.hold(status.as_str());
        let completed = status == RunStatus::Completed;
        let output = completed.then(|| r#"{"total":1}"#.to_owned());
        let error = (!completed).then(|| r#"{"kind":"refused"}"#.to_owned());
        subject.done(Change::End {
            held,
            entries: vec![entry(1), entry(2)],
            status,
            output: output.clone(),
            error: error.clone(),
            at: 9_000,
        });
        let run = subject.run(held.run);
        assert_eq!((run.status, run.owner, run.ready_at), (status, None, None));
        assert_eq!(
            (run.output, run.error, run.ended_at),
            (output, error, Some(9_000))
        );
        assert_eq!(subject.seqs(held.run), [1, 2]);
    }
}

fn a_run_rests_and_ends_with_fitting_statuses(subject: &Subject) {
    let held = subject.hold("a");
    for status in RunStatus::ALL {
        let rests = matches!(
            status,
            RunStatus::Queued | RunStatus::Waiting | RunStatus::Paused | RunStatus::Parked
        );
        if !rests {
            let answer = subject.apply(suspend(held, status, None));
            assert_eq!(answer, Err(Refused::Status(status)));
        }
        if !status.is_ended() {
            let answer = subject.apply(end(held, status, 1));
            assert_eq!(answer, Err(Refused::Status(status)));
        }
    }
    assert_eq!(subject.record(held, &[1]), Ok(Applied::Done));
}
