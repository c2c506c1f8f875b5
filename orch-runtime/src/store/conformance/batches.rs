//! Batches, and whatever may stand in a change.

use orch_core::run::{RunId, RunStatus};

use super::subject::{Subject, any, assert_late, end, entry, new, signal, suspend, well};
use crate::store::{Applied, Change, Entry, Held, NewRun, RunKey};

super::checks![
    what_is_refused_leaves_the_rest_of_its_batch,
    later_changes_of_a_batch_see_earlier_ones,
    what_comes_meanwhile_is_kept_along,
    any_text_is_kept,
    any_time_and_number_is_kept,
];

fn what_is_refused_leaves_the_rest_of_its_batch(subject: &Subject) {
    let (one, other) = (subject.hold("one"), subject.hold("other"));
    let late = Held {
        fence: one.fence + 5,
        ..one
    };
    let record = |held, seqs: &[i64]| Change::Record {
        held,
        entries: seqs.iter().map(|seq| entry(*seq)).collect(),
    };
    let answers = subject.all(&[
        record(one, &[1]),
        record(late, &[2]),
        record(other, &[1, 2]),
        record(other, &[3, 2]),
        Change::Delete {
            run: RunKey(12_345),
        },
        signal("nobody", "go", None, "null"),
        record(one, &[2]),
        end(other, RunStatus::Completed, 3),
        record(other, &[9]),
    ]);
    let applied: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(
        applied,
        [true, false, true, false, false, false, true, true, false]
    );
    assert_eq!(subject.seqs(one.run), [1, 2]);
    assert_eq!(subject.seqs(other.run), [1, 2]);
    assert_eq!(subject.run(other.run).status, RunStatus::Completed);
    assert!(subject.all(&[]).is_empty());
}

fn what_comes_meanwhile_is_kept_along(subject: &Subject) {
    let held = subject.hold("a");
    let record = |seq| Change::Record {
        held,
        entries: vec![entry(seq)],
    };
    let mut changes = vec![record(1), record(1)];
    let mut to_come = vec![vec![record(3)], Vec::new(), vec![record(2), record(2)]];
    let answers = well(subject.store.commit_with(&mut changes, &mut |changes| {
        let more = to_come.pop();
        changes.extend(more.clone().unwrap_or_default());
        more.is_some()
    }));
    let given: Vec<Change> = [1, 1, 2, 2, 3].map(record).into();
    assert_eq!(changes, given, "the changes are still there, in order");
    let applied: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(applied, [true, false, true, false, true]);
    assert_eq!(subject.seqs(held.run), [1, 2, 3]);
    let kept = subject.store.commit_with(&mut Vec::new(), &mut |_| false);
    assert!(well(kept).is_empty());
}

fn later_changes_of_a_batch_see_earlier_ones(subject: &Subject) {
    let answers = subject.all(&[
        Change::Start(Box::new(new("a"))),
        Change::Start(Box::new(new("a"))),
        signal("a", "go", Some("e"), "1"),
        signal("a", "go", Some("e"), "2"),
        Change::TakeUp {
            owner: subject.owner,
            workflows: any(&["w"]),
            now: 5_000,
            limit: 5,
        },
        Change::TakeUp {
            owner: subject.other,
            workflows: any(&["w"]),
            now: 5_000,
            limit: 5,
        },
        Change::Release {
            owner: subject.owner,
            now: 5_001,
        },
    ]);
    let fresh: Vec<bool> = answers
        .iter()
        .filter_map(|answer| match answer {
            Ok(Applied::Started { fresh, .. } | Applied::Signalled { fresh, .. }) => Some(*fresh),
            _ => None,
        })
        .collect();
    assert_eq!(fresh, [true, false, true, false]);
    let Ok(Applied::TakenUp(taken)) = &answers[4] else {
        panic!("{answers:?}");
    };
    assert_eq!(taken.len(), 1);
    assert_eq!(answers[5], Ok(Applied::TakenUp(Vec::new())));
    assert_late(&subject.record(taken[0], &[1]));
}

fn any_text_is_kept(subject: &Subject) {
    let huge = "ü".repeat(1024 * 1024);
    let texts = [
        "",
        " ",
        "it's \"quoted\" -- ; DROP TABLE runs",
        "Grüße, 世界 👋🏽 \u{202e}backwards\u{202c}",
        "nul \0 in the middle",
        "line\nbreak\r\n\ttab",
        "NULL",
        &huge,
    ];
    for text in texts {
        let owned = || text.to_owned();
        let held = subject.start(NewRun {
            id: RunId::new(text),
            workflow: owned(),
            version: owned(),
            fingerprint: owned(),
            input: owned(),
            correlation_id: Some(owned()),
            parent: Some(RunId::new(text)),
            owner: Some(subject.owner),
            ..new("")
        });
        let entry = Entry {
            node: owned(),
            value: Some(owned()),
            item: Some(owned()),
            ..entry(1)
        };
        subject.done(Change::Record {
            held,
            entries: vec![entry.clone()],
        });
        assert!(subject.apply(signal(text, text, Some(text), text)).is_ok());
        subject.done(Change::Suspend {
            held,
            entries: Vec::new(),
            status: RunStatus::Paused,
            ready_at: None,
            seen: i64::MAX,
            reason: Some(owned()),
        });
        let history = subject.history(held.run);
        let run = history.run;
        assert_eq!(run.id.as_str(), text);
        assert_eq!(run.parent, Some(RunId::new(text)));
        for kept in [
            run.workflow,
            run.version,
            run.fingerprint,
            run.input,
            run.correlation_id,
        ] {
            assert!(kept == text, "{} bytes became {}", text.len(), kept.len());
        }
        assert_eq!(run.reason.as_deref(), Some(text));
        assert_eq!(history.entries, [entry]);
        let signal = &history.signals[0];
        assert!(
            signal.name == text && signal.event.as_deref() == Some(text) && signal.value == text
        );
        assert_eq!(
            well(subject.store.find(&RunId::new(text))).map(|run| run.key),
            Some(held.run)
        );
    }
}

fn any_time_and_number_is_kept(subject: &Subject) {
    for (index, at) in [0, -1, 1, i64::MIN, i64::MAX].into_iter().enumerate() {
        let held = subject.start(NewRun {
            at,
            deadline: Some(at),
            priority: u8::MAX,
            owner: Some(subject.owner),
            ..new(&format!("run-{index}"))
        });
        let entry = Entry {
            seq: at,
            at,
            ..entry(1)
        };
        subject.done(Change::Record {
            held,
            entries: vec![entry.clone()],
        });
        assert_eq!(subject.history(held.run).entries, [entry]);
        subject.done(suspend(held, RunStatus::Waiting, Some(at)));
        let run = subject.run(held.run);
        assert_eq!(
            (run.started_at, run.deadline, run.ready_at),
            (at, Some(at), Some(at))
        );
        assert_eq!(run.priority, u8::MAX);
        assert_eq!(subject.take_up(&["w"], at, 1).len(), 1, "ready at {at}");
    }
}
