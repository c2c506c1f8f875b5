use std::fs;
use std::path::Path;
use std::process::Output;

use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{run, text};

/// Four orders, two of which make sense.
fn input() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let orders = "CREATE TABLE orders (id TEXT, customer TEXT, day TEXT, amount TEXT, currency TEXT);
        INSERT INTO orders VALUES ('O1', 'C1', '2025-03-30', '10.00', 'EUR'), ('O2', 'c2', '2025-03-31', '21.60', 'usd'),
            ('O1', 'C1', '2025-03-30', '10.00', 'EUR'), ('O3', 'C3', '2025-03-31', '1', 'EUR');";
    fs::write(dir.path().join("orders.sql"), orders).unwrap();
    fs::write(
        dir.path().join("customers.csv"),
        "id,name,country\nC1,Ann,DE\nC2,\"Bob, Inc\",US\n",
    )
    .unwrap();
    fs::write(
        dir.path().join("rates.json"),
        r#"{"base": "EUR", "rates": {"USD": 1.08}}"#,
    )
    .unwrap();
    dir
}

fn pipeline(input: &Path, out: &Path, broken: &str) -> Output {
    let (input, out) = (input.to_str().unwrap(), out.to_str().unwrap());
    run(
        "data_pipeline",
        &["--input", input, "--out", out, "--break", broken],
    )
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn json_in(dir: &Path, name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(dir.join(name)).unwrap()).unwrap()
}

#[test]
fn sales_are_published_in_three_forms() {
    let (input, out) = (input(), tempfile::tempdir().unwrap());
    let ran = pipeline(input.path(), out.path(), "none");
    assert_eq!(ran.status.code(), Some(0), "{}", text(&ran.stderr));
    assert_eq!(text(&ran.stderr), "");
    assert_eq!(names(out.path()), ["sales.csv", "sales.db", "summary.json"]);

    let database = Connection::open(out.path().join("sales.db")).unwrap();
    let mut rows = database
        .prepare("SELECT order_id, customer, cents FROM sales ORDER BY 1")
        .unwrap();
    let rows = rows
        .query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap();
    let rows: Vec<(String, String, i64)> = rows.map(Result::unwrap).collect();
    let row = |order: &str, customer: &str, cents| (order.to_owned(), customer.to_owned(), cents);
    assert_eq!(rows, [row("O1", "Ann", 1000), row("O2", "Bob, Inc", 2000)]);

    let file = fs::read_to_string(out.path().join("sales.csv")).unwrap();
    let expected = "order,day,customer,country,cents\nO1,2025-03-30,Ann,DE,1000\nO2,2025-03-31,\"Bob, Inc\",US,2000\n";
    assert_eq!(file, expected);

    let expected = json!({
        "sales": 2, "currency": "EUR", "total_cents": 3000, "cents_by_country": { "DE": 1000, "US": 2000 },
        "rejects": { "duplicate": 1, "unknown_customer": 1 }, "rejected": ["O1", "O3"],
    });
    assert_eq!(json_in(out.path(), "summary.json"), expected);

    let said = text(&ran.stdout);
    assert!(
        said.contains("answers 503 Service Unavailable; again in"),
        "the service's first answer: {said}"
    );
    assert!(
        said.contains("raise-alert      skipped") && said.contains("2 sales, 30.00 EUR in all"),
        "{said}"
    );
}

#[test]
fn a_broken_source_raises_an_alert_and_leaves_nothing_behind() {
    let input = input();
    for (broken, reason) in [
        (
            "orders",
            "failed: the order database: file is not a database",
        ),
        ("customers", "failed: the customer file: CSV error"),
        ("rates", "failed: the rates service answers 503"),
    ] {
        let out = tempfile::tempdir().unwrap();
        let ran = pipeline(input.path(), out.path(), broken);
        assert_eq!(ran.status.code(), Some(1), "{broken}");
        assert_eq!(names(out.path()), ["alert.json"], "{broken}");
        let alert = json_in(out.path(), "alert.json");
        for source in ["orders", "customers", "rates"] {
            let state = alert["sources"][source].as_str().unwrap();
            if source == broken {
                assert!(state.starts_with(reason), "{broken}: {state}");
            } else {
                assert!(
                    ["done", "pending"].contains(&state),
                    "{broken}: {source} is {state}"
                );
            }
        }
        assert!(
            text(&ran.stderr).contains(&format!("ALERT {broken}: {reason}")),
            "{}",
            text(&ran.stderr)
        );
        assert!(
            text(&ran.stdout).contains("publish          blocked"),
            "{}",
            text(&ran.stdout)
        );
    }
}

#[test]
fn the_service_is_asked_four_times_at_most() {
    let (input, out) = (input(), tempfile::tempdir().unwrap());
    let ran = pipeline(input.path(), out.path(), "rates");
    assert_eq!(
        text(&ran.stdout).matches("again in").count(),
        3,
        "{}",
        text(&ran.stdout)
    );
}

#[test]
fn an_answer_that_will_not_change_is_not_asked_for_again() {
    let (input, out) = (input(), tempfile::tempdir().unwrap());
    fs::remove_file(input.path().join("rates.json")).unwrap();
    let ran = pipeline(input.path(), out.path(), "none");
    assert_eq!(ran.status.code(), Some(1));
    let alert = json_in(out.path(), "alert.json");
    assert_eq!(
        alert["sources"]["rates"],
        "failed: the rates service answers 404 Not Found"
    );
    // Once, for the 503 that the service begins with.
    assert_eq!(text(&ran.stdout).matches("again in").count(), 1);
}

#[test]
fn outputs_that_cannot_be_written_have_a_code_of_their_own() {
    let input = input();
    let file = input.path().join("customers.csv");
    let ran = pipeline(input.path(), &file, "none");
    assert_eq!(ran.status.code(), Some(3));
    assert!(
        text(&ran.stderr).starts_with("error: "),
        "{}",
        text(&ran.stderr)
    );
    assert!(!text(&ran.stderr).contains("ALERT"));
}

#[test]
fn a_database_is_taken_as_it_is() {
    let (input, out) = (input(), tempfile::tempdir().unwrap());
    let dump = input.path().join("orders.sql");
    let database = Connection::open(input.path().join("orders.db")).unwrap();
    database
        .execute_batch(&fs::read_to_string(&dump).unwrap())
        .unwrap();
    database
        .execute("DELETE FROM orders WHERE id <> 'O2'", ())
        .unwrap();
    let ran = pipeline(input.path(), out.path(), "none");
    assert_eq!(ran.status.code(), Some(0), "{}", text(&ran.stderr));
    assert_eq!(json_in(out.path(), "summary.json")["sales"], 1);
}

#[test]
fn the_data_that_come_with_it_run() {
    let out = tempfile::tempdir().unwrap();
    let ran = run("data_pipeline", &["--out", out.path().to_str().unwrap()]);
    assert_eq!(ran.status.code(), Some(0), "{}", text(&ran.stderr));
    let summary = json_in(out.path(), "summary.json");
    assert_eq!(summary["sales"], 90);
    let rejects = json!({ "duplicate": 2, "unknown_customer": 1, "bad_day": 2, "bad_amount": 2, "unknown_currency": 1 });
    assert_eq!(summary["rejects"], rejects);
}

#[test]
fn wrong_arguments_and_help() {
    let wrong = run("data_pipeline", &["--break", "everything"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).contains("none, orders, customers, rates"));
    let help = run("data_pipeline", &["--help"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(text(&help.stdout).contains("Break a source"));
}
