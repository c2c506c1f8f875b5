//! What docs/store.md lists is what the code has.

use orch_core::run::{RunId, RunStatus};
use orch_runtime::store::{
    Change, EntryKind, Filter, Held, NewRun, OwnerId, Refused, RunKey, Store as _, StoreErrorKind,
};
use rusqlite::Connection;

use crate::common::{new, open};
use crate::faults::temporary;

const PAGE: &str = include_str!("../../../docs/store.md");

/// The part of the page under this heading.
fn section(heading: &str) -> &'static str {
    let parts = PAGE.split("\n#").map(|part| part.trim_start_matches('#'));
    let mut found = parts.filter(|part| {
        part.lines()
            .next()
            .is_some_and(|line| line.trim() == heading)
    });
    found
        .next()
        .unwrap_or_else(|| panic!("no section {heading:?}"))
}

/// What stands first in each row of the tables of a section.
fn rows(section: &'static str) -> Vec<&'static str> {
    let firsts = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    firsts.collect()
}

#[test]
fn the_schema_is_documented() {
    let (_directory, path) = temporary();
    drop(open(&path).unwrap());
    let db = Connection::open(&path).unwrap();
    let names = |sql: &str| -> Vec<String> {
        let mut statement = db.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let tables =
        names("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
    assert_eq!(tables.len(), 8);
    for table in tables {
        let columns = names(&format!("SELECT name FROM pragma_table_info('{table}')"));
        assert_eq!(rows(section(&format!("`{table}`"))), columns, "{table}");
    }
    assert!(section("`workflows`").contains("`name`"));
    let version: i64 = db
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    assert!(section("The schema").contains(&format!("This is version {version}")));
    let application: i64 = db
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .unwrap();
    assert!(section("The schema").contains(&format!("0x{application:x}")));
}

#[test]
fn the_queries_run() {
    let (_directory, path) = temporary();
    drop(open(&path).unwrap());
    let queries = PAGE
        .split("```sql\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    let queries: Vec<&str> = queries.unwrap().split("\n\n").collect();
    assert_eq!(queries.len(), 3);
    for query in queries {
        Connection::open(&path).unwrap().prepare(query).unwrap();
    }
}

#[test]
fn a_correlation_id_that_is_the_run_s_id_is_none() {
    let (_directory, path) = temporary();
    let store = open(&path).unwrap();
    for (id, other) in [("a", "a"), ("b", "a")] {
        let start = NewRun {
            correlation_id: Some(other.into()),
            ..new(id, None)
        };
        store.commit(&[Change::Start(Box::new(start))]).unwrap();
    }
    let db = Connection::open(&path).unwrap();
    let mut kept = db
        .prepare("SELECT correlation_id FROM runs ORDER BY id")
        .unwrap();
    let kept = kept.query_map([], |row| row.get::<_, Option<String>>(0));
    let kept: Vec<_> = kept.unwrap().map(Result::unwrap).collect();
    assert_eq!(kept, [None, Some("a".to_owned())]);
    let all = Filter {
        correlation_id: Some("a".into()),
        ..Filter::default()
    };
    assert_eq!(store.list(&all).unwrap().len(), 2);
}

#[test]
fn words_are_listed() {
    for status in RunStatus::ALL {
        assert!(
            section("`runs`").contains(&format!("`{}`", status.as_str())),
            "{status:?}"
        );
    }
    for kind in EntryKind::ALL {
        assert!(
            section("`entries`").contains(&format!("`{}`", kind.as_str())),
            "{kind:?}"
        );
    }
}

#[test]
fn errors_are_listed() {
    let held = Held {
        run: RunKey(1),
        fence: 1,
    };
    let refusals = [
        Refused::Fenced { held, fence: 2 },
        Refused::NotJoined(OwnerId(1)),
        Refused::Recorded {
            run: RunKey(1),
            seq: 1,
        },
        Refused::Status(RunStatus::Running),
        Refused::NoRun(RunKey(1)),
        Refused::NoRunOf(RunId::new("a")),
        Refused::Ended(RunStatus::Failed),
        Refused::NotEnded(RunStatus::Queued),
    ];
    let listed = rows(section("Errors"));
    let codes = StoreErrorKind::ALL.map(StoreErrorKind::code).into_iter();
    for code in codes.chain(refusals.iter().map(Refused::code)) {
        assert!(listed.contains(&code), "{code}");
    }
    for refusal in refusals {
        let text = refusal.to_string();
        assert!(
            !text.ends_with('.') && text.chars().next().is_some_and(char::is_lowercase),
            "{text}"
        );
    }
}
