//! Who has joined, what is released with them, and who is woken for what.

use orch_core::run::RunStatus;

use super::subject::{Ears, Subject, end, new, signal, suspend, well};
use crate::store::{Applied, Change, NewRun, Woken};

super::checks![
    whoever_leaves_releases_what_it_held,
    releasing_lets_go_of_all_and_nothing_else,
    owners_are_never_the_same,
    owners_are_woken_for_what_becomes_ready,
    the_holder_is_woken_for_a_signal,
    room_that_is_made_wakes_others,
    others_are_woken_for_what_is_over,
];

fn whoever_leaves_releases_what_it_held(subject: &Subject) {
    let held = subject.hold("a");
    assert_eq!(subject.record(held, &[1]), Ok(Applied::Done));
    let others = subject.start(NewRun {
        owner: Some(subject.other),
        ..new("b")
    });
    subject.other_woken.forget();
    well(subject.store.leave(subject.owner));
    subject.other_woken.hear(Woken::Ready);
    let run = subject.run(held.run);
    assert_eq!((run.status, run.owner), (RunStatus::Running, None));
    assert!(run.ready_at.is_some());
    super::subject::assert_late(&subject.record(held, &[2]));
    let owner = subject.other;
    let workflows = super::subject::any(&["w"]);
    let answer = subject.apply(Change::TakeUp {
        owner,
        workflows,
        now: 0,
        limit: 9,
    });
    let Ok(Applied::TakenUp(taken)) = answer else {
        panic!("answered {answer:?}");
    };
    assert_eq!(
        taken.iter().map(|held| held.run).collect::<Vec<_>>(),
        [held.run]
    );
    assert_eq!(subject.record(others, &[1]), Ok(Applied::Done));
    assert_eq!(subject.seqs(held.run), [1]);
}

fn releasing_lets_go_of_all_and_nothing_else(subject: &Subject) {
    let mine = [subject.hold("a"), subject.hold("b")];
    let workflow = "v".to_owned();
    let also = subject.start(NewRun {
        workflow,
        owner: Some(subject.owner),
        ..new("c")
    });
    let other = subject.start(NewRun {
        owner: Some(subject.other),
        ..new("d")
    });
    let waiting = subject.hold("e");
    subject.done(suspend(waiting, RunStatus::Waiting, Some(5_000)));
    let ended = subject.ended(new("f"), 2_000);
    let rest = [other.run, waiting.run, ended].map(|run| subject.run(run));
    subject.owner_woken.forget();
    subject.done(Change::Release {
        owner: subject.owner,
        now: 4_000,
    });
    subject.owner_woken.hear(Woken::Ready);
    for held in mine.into_iter().chain([also]) {
        let run = subject.run(held.run);
        assert_eq!(
            (run.status, run.owner, run.ready_at),
            (RunStatus::Running, None, Some(4_000))
        );
        assert!(run.fence > held.fence, "the token did not grow");
    }
    assert_eq!(
        [other.run, waiting.run, ended].map(|run| subject.run(run)),
        rest
    );
    subject.done(Change::Release {
        owner: subject.owner,
        now: 4_001,
    });
    assert_eq!(subject.taken(&["w", "v"], 4_002, 9), ["a", "b", "c"]);
}

fn owners_are_never_the_same(subject: &Subject) {
    well(subject.store.leave(subject.other));
    let next = well(subject.store.join(Ears::default().wake()));
    assert!(next > subject.other && subject.other > subject.owner);
    subject.start(NewRun {
        owner: Some(next),
        ..new("a")
    });
}

fn owners_are_woken_for_what_becomes_ready(subject: &Subject) {
    let both = |what: &str, change: Change| {
        subject.owner_woken.forget();
        subject.other_woken.forget();
        let answer = subject.apply(change);
        assert!(answer.is_ok(), "{what}: {answer:?}");
        subject.owner_woken.hear(Woken::Ready);
        subject.other_woken.hear(Woken::Ready);
    };
    both("queued", Change::Start(Box::new(new("a"))));
    let held = subject.take_up(&["w"], 9_000, 1)[0];
    both(
        "let go of, to go on",
        suspend(held, RunStatus::Queued, Some(0)),
    );
    let held = subject.take_up(&["w"], 9_000, 1)[0];
    subject.done(suspend(held, RunStatus::Waiting, None));
    both("signalled", signal("a", "go", None, "null"));
    let held = subject.take_up(&["w"], 9_000, 1)[0];
    both(
        "released",
        Change::Release {
            owner: subject.owner,
            now: 9_000,
        },
    );
    let held = subject
        .take_up(&["w"], 9_000, 1)
        .first()
        .copied()
        .unwrap_or(held);
    subject.done(end(held, RunStatus::Failed, 9_000));
    let (drop, entries) = (Vec::new(), Vec::new());
    both(
        "rewound",
        Change::Rewind {
            run: held.run,
            drop,
            entries,
            deadline: None,
            now: 9_000,
        },
    );
}

fn the_holder_is_woken_for_a_signal(subject: &Subject) {
    let mine = subject.hold("mine");
    let other = subject.start(NewRun {
        owner: Some(subject.other),
        ..new("other")
    });
    assert!(subject.apply(signal("other", "go", None, "null")).is_ok());
    subject.other_woken.hear(Woken::Signal(other.run));
    assert!(subject.apply(signal("mine", "go", None, "null")).is_ok());
    subject.owner_woken.hear(Woken::Signal(mine.run));
}

fn room_that_is_made_wakes_others(subject: &Subject) {
    let held = subject.hold("a");
    subject.queue("b");
    subject.other_woken.forget();
    subject.done(end(held, RunStatus::Completed, 5_000));
    subject.other_woken.hear(Woken::Ready);
    let held = subject.take_up(&["w"], 9_000, 1)[0];
    subject.queue("c");
    subject.other_woken.forget();
    subject.done(suspend(held, RunStatus::Waiting, None));
    subject.other_woken.hear(Woken::Ready);
}

fn others_are_woken_for_what_is_over(subject: &Subject) {
    let ended = subject.hold("ended");
    subject.done(end(ended, RunStatus::Failed, 5_000));
    subject.other_woken.hear(Woken::Over(ended.run));
    let parked = subject.hold("parked");
    subject.done(suspend(parked, RunStatus::Parked, None));
    subject.other_woken.hear(Woken::Over(parked.run));
    // Of the other's own as well.
    let theirs = subject.start(NewRun {
        owner: Some(subject.other),
        ..new("theirs")
    });
    subject.done(end(theirs, RunStatus::Completed, 5_000));
    subject.owner_woken.hear(Woken::Over(theirs.run));
}
