//! Lists: which runs, in which order, page by page.

use orch_core::run::{RunId, RunStatus};

use super::subject::{Subject, end, new, suspend, well};
use crate::store::{Change, Filter, NewRun, RunKey, RunRecord};

/// Whether a run of this index fits.
type Fits = fn(usize, &RunRecord) -> bool;

super::checks![
    the_latest_come_first,
    filters_ask_for_what_they_say,
    filters_are_combined,
    pages_give_each_run_once,
];

/// Runs that stand in every way: `w` and `v` by turns, versions 1 to 3, started at 1,000 and then every 100.
fn populate(subject: &Subject) {
    for (index, status) in RunStatus::ALL.into_iter().cycle().take(30).enumerate() {
        let held = subject.start(NewRun {
            workflow: if index % 2 == 0 { "w" } else { "v" }.to_owned(),
            version: format!("{}", index % 3 + 1),
            correlation_id: (index % 5 == 0).then(|| format!("c{}", index % 10)),
            parent: (index % 7 == 0).then(|| RunId::new("run-1")),
            at: 1_000 + 100 * i64::try_from(index).unwrap_or_default(),
            owner: Some(if index % 4 == 0 {
                subject.other
            } else {
                subject.owner
            }),
            ..new(&format!("run-{index}"))
        });
        if status.is_ended() {
            subject.done(end(held, status, 9_000));
        } else if status != RunStatus::Running {
            subject.done(suspend(held, status, None));
        }
    }
    // Two that are under way and held by nobody.
    let owner = well(subject.store.join(std::sync::Arc::new(|_| {})));
    for id in ["run-30", "run-31"] {
        subject.start(NewRun {
            owner: Some(owner),
            at: 4_000,
            ..new(id)
        });
    }
    subject.done(Change::Release { owner, now: 9_000 });
}

/// What a filter asks for, found by looking at every run.
fn expected(subject: &Subject, fits: impl Fn(usize, &RunRecord) -> bool) -> Vec<String> {
    let all = well(subject.store.list(&Filter {
        limit: 99,
        ..Filter::default()
    }));
    assert_eq!(all.len(), 32);
    let numbered = all.iter().map(|run| {
        let index = run
            .id
            .as_str()
            .strip_prefix("run-")
            .and_then(|index| index.parse().ok());
        (index.unwrap_or_default(), run)
    });
    let fitting = numbered.filter(|(index, run)| fits(*index, run));
    fitting.map(|(_, run)| run.id.to_string()).collect()
}

fn the_latest_come_first(subject: &Subject) {
    assert!(subject.ids(&Filter::default()).is_empty());
    for (id, at) in [("a", 3_000), ("b", 2_000), ("c", 1_000)] {
        subject.start(NewRun { at, ..new(id) });
    }
    assert_eq!(
        subject.ids(&Filter::default()),
        ["c", "b", "a"],
        "in the order of numbers, not of times"
    );
    assert!(
        subject
            .ids(&Filter {
                limit: 0,
                ..Filter::default()
            })
            .is_empty()
    );
    for id in 0..120 {
        subject.queue(&format!("{id}"));
    }
    assert_eq!(
        subject.ids(&Filter::default()).len(),
        100,
        "a hundred at a time"
    );
    assert_eq!(subject.kept().len(), 123);
}

fn filters_ask_for_what_they_say(subject: &Subject) {
    populate(subject);
    let all = || Filter {
        limit: 99,
        ..Filter::default()
    };
    for status in RunStatus::ALL {
        let filter = Filter {
            statuses: vec![status],
            ..all()
        };
        let expected = expected(subject, |_, run| run.status == status);
        assert!(expected.len() >= 3);
        assert_eq!(subject.ids(&filter), expected, "{status:?}");
    }
    let cases: [(Filter, Fits); 9] = [
        (
            Filter {
                workflow: Some("v".into()),
                ..all()
            },
            |_, run| run.workflow == "v",
        ),
        (
            Filter {
                workflow: Some("x".into()),
                ..all()
            },
            |_, _| false,
        ),
        (
            Filter {
                version: Some("2".into()),
                ..all()
            },
            |_, run| run.version == "2",
        ),
        (
            Filter {
                correlation_id: Some("c5".into()),
                ..all()
            },
            |index, _| index % 10 == 5 && index < 30,
        ),
        (
            Filter {
                correlation_id: Some("run-11".into()),
                ..all()
            },
            |index, _| index == 11,
        ),
        (
            Filter {
                correlation_id: Some("run-5".into()),
                ..all()
            },
            |_, _| false,
        ),
        (
            Filter {
                parent: Some(RunId::new("run-1")),
                ..all()
            },
            |index, _| index % 7 == 0,
        ),
        (
            Filter {
                since: Some(2_000),
                ..all()
            },
            |_, run| run.started_at >= 2_000,
        ),
        (
            Filter {
                until: Some(2_000),
                ..all()
            },
            |_, run| run.started_at < 2_000,
        ),
    ];
    for (filter, fits) in cases {
        assert_eq!(subject.ids(&filter), expected(subject, fits), "{filter:?}");
    }
}

fn filters_are_combined(subject: &Subject) {
    populate(subject);
    let statuses = vec![RunStatus::Running, RunStatus::Failed, RunStatus::Running];
    let filter = Filter {
        workflow: Some("w".into()),
        statuses: statuses.clone(),
        since: Some(1_100),
        until: Some(4_001),
        limit: 99,
        ..Filter::default()
    };
    let found = expected(subject, |_, run| {
        run.workflow == "w" && statuses.contains(&run.status) && run.started_at >= 1_100
    });
    assert!(found.len() > 2);
    assert_eq!(subject.ids(&filter), found);
    let parent = Some(RunId::new("run-1"));
    let filter = Filter {
        parent,
        correlation_id: Some("c0".into()),
        statuses,
        ..filter
    };
    assert_eq!(subject.ids(&filter), expected(subject, |_, _| false));
    let version = Some("1".to_owned());
    let filter = Filter {
        version,
        statuses: vec![RunStatus::Queued],
        since: None,
        ..filter
    };
    assert_eq!(subject.ids(&filter), ["run-0"]);
}

fn pages_give_each_run_once(subject: &Subject) {
    populate(subject);
    let filters = [
        Filter::default(),
        Filter {
            workflow: Some("w".into()),
            ..Filter::default()
        },
        Filter {
            statuses: vec![RunStatus::Running, RunStatus::Completed, RunStatus::Parked],
            ..Filter::default()
        },
        Filter {
            parent: Some(RunId::new("run-1")),
            ..Filter::default()
        },
    ];
    for filter in filters {
        let all = subject.ids(&Filter {
            limit: 99,
            ..filter.clone()
        });
        let mut pages = Vec::new();
        let mut below: Option<RunKey> = None;
        loop {
            let page = well(subject.store.list(&Filter {
                limit: 3,
                below,
                ..filter.clone()
            }));
            let Some(last) = page.last() else { break };
            below = Some(last.key);
            assert!(page.len() <= 3);
            pages.extend(page.iter().map(|run| run.id.to_string()));
            assert!(
                pages.len() <= all.len(),
                "{filter:?}: pages repeat runs: {pages:?}"
            );
        }
        assert_eq!(pages, all, "{filter:?}");
    }
}
