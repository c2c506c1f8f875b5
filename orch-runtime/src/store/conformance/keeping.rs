//! What is kept beside runs: values in spaces, and artifacts.

use std::sync::Arc;

use orch_core::run::{RunId, RunStatus};

use super::subject::{Subject, end, new, well};
use crate::digest;
use crate::store::{Applied, Change, NewArtifact, NewRun, Refused, RunKey, StoreErrorKind};

super::checks![
    spaces_keep_values_by_key,
    values_expire,
    artifacts_are_kept_as_long_as_a_run_needs_them,
    an_artifact_that_is_kept_needs_no_content,
    a_fork_keeps_the_artifacts_of_the_other_run,
    an_artifact_is_what_its_digest_says,
];

fn put(space: &'static str, key: &str, value: &str, expires_at: Option<i64>) -> Change {
    Change::Put {
        space,
        key: key.to_owned(),
        value: value.to_owned(),
        expires_at,
    }
}

fn spaces_keep_values_by_key(subject: &Subject) {
    let get = |space: &str, key: &str| well(subject.store.get(space, key, 0));
    let scan = |space: &str| well(subject.store.scan(space, 0));
    assert_eq!((get("cache", "a"), scan("cache")), (None, Vec::new()));
    for (key, value) in [
        ("b", "1"),
        ("a", "2"),
        ("", "3"),
        ("ä", "4"),
        ("B", "5"),
        ("b", "6"),
    ] {
        subject.done(put("cache", key, value, None));
    }
    subject.done(put("breaker", "a", "7", None));
    assert_eq!(
        get("cache", "b").as_deref(),
        Some("6"),
        "in place of the one before"
    );
    assert_eq!(get("breaker", "a").as_deref(), Some("7"));
    assert_eq!(get("breaker", "b"), None);
    let all: Vec<_> = [("", "3"), ("B", "5"), ("a", "2"), ("b", "6"), ("ä", "4")].into();
    let found = scan("cache");
    let found: Vec<_> = found
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    assert_eq!(found, all, "by key, byte by byte");
    for _ in 0..2 {
        subject.done(Change::Remove {
            space: "cache",
            key: "a".to_owned(),
        });
        assert_eq!(
            (get("cache", "a"), get("breaker", "a").as_deref()),
            (None, Some("7"))
        );
    }
}

fn values_expire(subject: &Subject) {
    for (key, expires_at) in [("at 10", Some(10)), ("at 20", Some(20)), ("never", None)] {
        subject.done(put("cache", key, "1", expires_at));
    }
    let keys = |now| -> Vec<String> {
        let all = well(subject.store.scan("cache", now));
        all.into_iter().map(|(key, _)| key).collect()
    };
    assert_eq!(keys(9), ["at 10", "at 20", "never"]);
    assert!(well(subject.store.get("cache", "at 10", 9)).is_some());
    assert_eq!(well(subject.store.get("cache", "at 10", 10)), None);
    assert_eq!(keys(10), ["at 20", "never"]);
    subject.done(put("cache", "at 10", "2", Some(30)));
    assert_eq!(
        well(subject.store.get("cache", "at 10", 11)).as_deref(),
        Some("2")
    );
    assert_eq!(keys(25), ["at 10", "never"]);
    subject.done(put("cache", "at 10", "3", None));
    assert_eq!(keys(i64::MAX), ["at 10", "never"]);
}

fn artifact(run: RunKey, content: &[u8]) -> (Change, String) {
    let artifact = new_artifact(content);
    let digest = artifact.digest.clone();
    (Change::PutArtifact { run, artifact }, digest)
}

fn new_artifact(content: &[u8]) -> NewArtifact {
    NewArtifact {
        digest: digest::digest(content),
        content: Some(Arc::from(content)),
    }
}

fn artifacts_are_kept_as_long_as_a_run_needs_them(subject: &Subject) {
    let (one, other) = (subject.hold("one"), subject.hold("other"));
    let large = vec![0xff; 3 * 1024 * 1024];
    let (shared, of_both) = artifact(one.run, b"shared");
    let (also, _) = artifact(other.run, b"shared");
    let (alone, of_one) = artifact(one.run, &large);
    let (empty, of_other) = artifact(other.run, b"");
    for change in [shared.clone(), shared, also, alone, empty] {
        subject.done(change);
    }
    let kept = |digest: &str| well(subject.store.artifact(digest));
    assert_eq!(kept(&of_both).as_deref(), Some(&b"shared"[..]));
    assert!(kept(&of_one) == Some(large), "a large artifact");
    assert_eq!(kept(&of_other).as_deref(), Some(&b""[..]));
    assert_eq!(kept(&digest::digest(b"unknown")), None);
    subject.done(end(one, RunStatus::Completed, 5));
    subject.done(end(other, RunStatus::Completed, 9));
    subject.done(Change::Delete { run: one.run });
    assert_eq!((kept(&of_one), kept(&of_both).is_some()), (None, true));
    let rest = Change::Prune {
        statuses: vec![RunStatus::Completed],
        before: 10,
        limit: 9,
    };
    assert_eq!(subject.apply(rest), Ok(Applied::Pruned(1)));
    assert_eq!((kept(&of_both), kept(&of_other)), (None, None));
    let (late, digest) = artifact(one.run, b"late");
    assert_eq!(subject.apply(late), Err(Refused::NoRun(one.run)));
    assert_eq!(kept(&digest), None);
}

fn an_artifact_that_is_kept_needs_no_content(subject: &Subject) {
    let (one, other) = (subject.hold("one"), subject.hold("other"));
    let (put, digest) = artifact(one.run, b"shared");
    let by_digest = NewArtifact {
        digest: digest.clone(),
        content: None,
    };
    let link = Change::PutArtifact {
        run: other.run,
        artifact: by_digest.clone(),
    };
    let missing = Refused::NoArtifact(digest.clone());
    assert_eq!(subject.apply(link.clone()), Err(missing.clone()));
    let refused = NewRun {
        artifacts: vec![by_digest.clone()],
        ..new("refused")
    };
    let refused = subject.apply(Change::Start(Box::new(refused)));
    assert_eq!(refused, Err(missing));
    assert_eq!(well(subject.store.find(&RunId::new("refused"))), None);
    subject.done(put);
    subject.done(link);
    let third = subject.start(NewRun {
        artifacts: vec![by_digest, new_artifact(b"given")],
        owner: Some(subject.owner),
        ..new("third")
    });
    let is_kept = |content: &[u8]| well(subject.store.artifact(&digest::digest(content))).is_some();
    for held in [one, other, third] {
        assert!(is_kept(b"shared") && is_kept(b"given"), "{held:?}");
        subject.done(end(held, RunStatus::Completed, 5));
        subject.done(Change::Delete { run: held.run });
    }
    assert!(!is_kept(b"shared") && !is_kept(b"given"));
}

fn a_fork_keeps_the_artifacts_of_the_other_run(subject: &Subject) {
    let first = subject.hold("first");
    let (put, digest) = artifact(first.run, b"shared");
    subject.done(put);
    let fork = |id: &str, of: RunKey| NewRun {
        artifacts_of: Some(of),
        owner: Some(subject.owner),
        ..new(id)
    };
    let nobody = RunKey(first.run.0 + 77);
    let answer = subject.apply(Change::Start(Box::new(fork("of nobody", nobody))));
    assert_eq!(answer, Err(Refused::NoRun(nobody)));
    assert_eq!(well(subject.store.find(&RunId::new("of nobody"))), None);
    let second = subject.start(fork("second", first.run));
    for held in [first, second] {
        assert!(well(subject.store.artifact(&digest)).is_some(), "{held:?}");
        subject.done(end(held, RunStatus::Completed, 5));
        subject.done(Change::Delete { run: held.run });
    }
    assert_eq!(well(subject.store.artifact(&digest)), None);
}

fn an_artifact_is_what_its_digest_says(subject: &Subject) {
    let run = subject.hold("a").run;
    let (_, digest) = artifact(run, b"this");
    let content = Arc::from(&b"that"[..]);
    let artifact = NewArtifact {
        digest: digest.clone(),
        content: Some(content),
    };
    subject.done(Change::PutArtifact { run, artifact });
    let error = subject
        .store
        .artifact(&digest)
        .err()
        .map(|error| error.kind());
    assert_eq!(error, Some(StoreErrorKind::Corrupt));
}
