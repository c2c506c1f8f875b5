//! Signals: kept once, in order, and never overlooked.

use orch_core::run::{RunId, RunStatus};

use super::subject::{Subject, end, entry, new, signal, suspend, well};
use crate::store::{Applied, Change, Held, Refused, RunKey};

super::checks![
    signals_are_kept_in_the_order_they_came,
    one_event_is_one_signal,
    a_signal_makes_what_nobody_holds_ready,
    a_signal_leaves_what_is_held,
    a_run_is_not_let_go_of_with_a_signal_unseen,
    runs_that_ended_or_are_not_there_take_no_signal,
];

/// What a signal to this run was answered: whether it was fresh.
#[track_caller]
fn sent(subject: &Subject, change: Change, to: RunKey) -> bool {
    match subject.apply(change) {
        Ok(Applied::Signalled { run, fresh, .. }) if run == to => fresh,
        other => panic!("a signal was answered {other:?}"),
    }
}

fn signals_are_kept_in_the_order_they_came(subject: &Subject) {
    let (one, other) = (subject.queue("one"), subject.hold("other").run);
    for (to, key, name, value) in [
        ("one", one, "approve", "1"),
        ("other", other, "approve", "2"),
        ("one", one, "@pause", "3"),
        ("one", one, "approve", "4"),
    ] {
        assert!(sent(subject, signal(to, name, None, value), key));
    }
    let of = |run, after| well(subject.store.signals(run, after));
    let all = of(one, 0);
    let seen: Vec<_> = all
        .iter()
        .map(|kept| (kept.name.as_str(), kept.value.as_str(), kept.at))
        .collect();
    assert_eq!(
        seen,
        [
            ("approve", "1", 2_000),
            ("@pause", "3", 2_000),
            ("approve", "4", 2_000)
        ]
    );
    assert!(all[0].number > 0 && all.is_sorted_by_key(|kept| kept.number));
    assert!(
        of(other, 0)[0].number > all[0].number,
        "numbers ascend across runs"
    );
    assert_eq!(of(one, all[0].number), all[1..]);
    assert!(of(one, all[2].number).is_empty() && of(RunKey(99), 0).is_empty());
    assert_eq!(subject.history(one).signals, all);
}

fn one_event_is_one_signal(subject: &Subject) {
    let run = subject.queue("a");
    let beside = subject.queue("b");
    assert!(sent(subject, signal("a", "paid", Some("e1"), "1"), run));
    assert!(
        !sent(subject, signal("a", "paid", Some("e1"), "2"), run),
        "the same event again"
    );
    assert!(
        sent(subject, signal("a", "paid", Some("e2"), "3"), run),
        "another event"
    );
    assert!(
        sent(subject, signal("a", "shipped", Some("e1"), "4"), run),
        "another name"
    );
    assert!(
        sent(subject, signal("b", "paid", Some("e1"), "5"), beside),
        "another run"
    );
    assert!(sent(subject, signal("a", "paid", None, "6"), run));
    assert!(
        sent(subject, signal("a", "paid", None, "6"), run),
        "without an event each is one"
    );
    assert!(
        sent(subject, signal("a", "paid", Some(""), "7"), run),
        "an event may be empty"
    );
    assert!(!sent(subject, signal("a", "paid", Some(""), "8"), run));
    let signals = well(subject.store.signals(run, 0));
    let values: Vec<_> = signals.iter().map(|kept| kept.value.as_str()).collect();
    assert_eq!(values, ["1", "3", "4", "6", "6", "7"]);
    // One that was there already makes nothing ready.
    let held = subject.take_up(&["w"], 9_000, 1)[0];
    subject.done(suspend(held, RunStatus::Waiting, None));
    assert!(!sent(subject, signal("a", "paid", Some("e2"), "9"), run));
    assert_eq!(subject.run(held.run).ready_at, None);
}

fn a_signal_makes_what_nobody_holds_ready(subject: &Subject) {
    let rest = |id: &str, status, ready_at| {
        let held = subject.hold(id);
        subject.done(suspend(held, status, ready_at));
        let answer = subject.apply(signal(id, "go", None, "null"));
        assert_eq!(
            answer,
            Ok(Applied::Signalled {
                run: held.run,
                fresh: true,
                owner: None
            })
        );
        let run = subject.run(held.run);
        assert_eq!((run.status, run.ready_at), (status, Some(2_000)), "{id}");
    };
    rest("waiting", RunStatus::Waiting, None);
    rest("asleep", RunStatus::Waiting, Some(1_000_000));
    rest("paused", RunStatus::Paused, None);
    rest("parked", RunStatus::Parked, None);
    assert_eq!(
        subject.taken(&["w"], 0, 9),
        ["waiting", "asleep", "paused", "parked"]
    );
    // One that is ready at once keeps its place.
    subject.queue("queued");
    assert!(subject.apply(signal("queued", "go", None, "null")).is_ok());
    let ready_at = well(subject.store.find(&RunId::new("queued"))).and_then(|run| run.ready_at);
    assert_eq!(ready_at, Some(1_000));
}

fn a_signal_leaves_what_is_held(subject: &Subject) {
    let held = subject.hold("a");
    let before = subject.run(held.run);
    let answer = subject.apply(signal("a", "go", None, "null"));
    let owner = Some(subject.owner);
    assert_eq!(
        answer,
        Ok(Applied::Signalled {
            run: held.run,
            fresh: true,
            owner
        })
    );
    assert_eq!(subject.run(held.run), before);
    assert_eq!(subject.record(held, &[1]), Ok(Applied::Done));
}

fn a_run_is_not_let_go_of_with_a_signal_unseen(subject: &Subject) {
    let held = subject.hold("a");
    let suspend = |held: Held, seen, seq| {
        subject.apply(Change::Suspend {
            held,
            entries: vec![entry(seq)],
            status: RunStatus::Waiting,
            ready_at: None,
            seen,
            reason: Some("waits".to_owned()),
        })
    };
    assert!(subject.apply(signal("a", "go", None, "1")).is_ok());
    // What came to others is no concern of this one.
    subject.hold("b");
    assert!(subject.apply(signal("b", "go", None, "2")).is_ok());
    let kept = Ok(Applied::Signalled {
        run: held.run,
        fresh: true,
        owner: Some(subject.owner),
    });
    assert_eq!(suspend(held, 0, 1), kept);
    let run = subject.run(held.run);
    assert_eq!(
        (run.status, run.owner, run.fence),
        (RunStatus::Running, Some(subject.owner), held.fence)
    );
    assert_eq!(run.reason, None);
    assert_eq!(
        subject.seqs(held.run),
        [1],
        "what it recorded along with it is recorded"
    );
    let seen = well(subject.store.signals(held.run, 0))[0].number;
    assert_eq!(suspend(held, seen - 1, 2), kept);
    assert_eq!(suspend(held, seen, 3), Ok(Applied::Done));
    assert_eq!(subject.run(held.run).owner, None);
    assert_eq!(subject.seqs(held.run), [1, 2, 3]);
}

fn runs_that_ended_or_are_not_there_take_no_signal(subject: &Subject) {
    let nobody = Err(Refused::NoRunOf(RunId::new("nobody")));
    assert_eq!(subject.apply(signal("nobody", "go", None, "null")), nobody);
    for status in RunStatus::ALL
        .into_iter()
        .filter(|status| status.is_ended())
    {
        let held = subject.hold(status.as_str());
        assert!(
            subject
                .apply(signal(status.as_str(), "go", Some("e"), "1"))
                .is_ok()
        );
        subject.done(end(held, status, 5));
        for event in [None, Some("e"), Some("f")] {
            let answer = subject.apply(signal(status.as_str(), "go", event, "null"));
            assert_eq!(answer, Err(Refused::Ended(status)));
        }
        assert_eq!(subject.history(held.run).signals.len(), 1);
    }
    // Deleted, its signals are gone, and a new run of its id has none.
    let run = well(subject.store.find(&RunId::new("failed"))).map(|run| run.key);
    subject.done(Change::Delete {
        run: run.unwrap_or(RunKey(0)),
    });
    let again = subject.start(new("failed")).run;
    assert!(subject.history(again).signals.is_empty());
    assert!(sent(subject, signal("failed", "go", Some("e"), "1"), again));
}
