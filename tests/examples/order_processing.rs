use std::collections::BTreeMap;
use std::fs::File;
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::{program, run, text};

/// What the program printed, taken apart.
struct Printed {
    code: Option<i32>,
    text: String,
}

/// A node's line in the table: what the service counted, and what the client counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row {
    requests: u32,
    limited: u32,
    refused: u32,
    lost: u32,
    stalled: u32,
    replayed: u32,
    attempts: u32,
    retries: u32,
    timeouts: u32,
    fallbacks: u32,
}

impl Printed {
    fn of(arguments: &[&str]) -> Self {
        let ran = run("order_processing", arguments);
        assert_eq!(text(&ran.stderr), "");
        Self {
            code: ran.status.code(),
            text: text(&ran.stdout).to_owned(),
        }
    }

    fn rows(&self) -> BTreeMap<&str, Row> {
        let lines = self.text.lines().filter(|line| line.contains(" | "));
        lines.skip(1).map(row).collect()
    }

    /// The numbers of the line that begins so, in order.
    fn numbers(&self, start: &str) -> Vec<u32> {
        let line = self.text.lines().find(|line| line.starts_with(start));
        let digits = line.unwrap().split(|c: char| !c.is_ascii_digit());
        digits.filter_map(|digits| digits.parse().ok()).collect()
    }

    /// The value of a metric with these labels.
    fn metric(&self, sample: &str) -> f64 {
        let found = self.text.lines().filter_map(|line| line.rsplit_once(' '));
        let mut values = found.filter(|(name, _)| *name == sample);
        values
            .next()
            .map_or(0.0, |(_, value)| value.parse().unwrap())
    }
}

fn row(line: &str) -> (&str, Row) {
    let mut words = line.split([' ', '|']).filter(|word| !word.is_empty());
    let node = words.next().unwrap();
    let mut next = || words.next().unwrap().parse().unwrap();
    let row = Row {
        requests: next(),
        limited: next(),
        refused: next(),
        lost: next(),
        stalled: next(),
        replayed: next(),
        attempts: next(),
        retries: next(),
        timeouts: next(),
        fallbacks: next(),
    };
    (node, row)
}

#[test]
fn a_service_that_behaves_is_asked_once_for_each() {
    let printed = Printed::of(&[
        "--orders",
        "10",
        "--every",
        "5",
        "--fail",
        "0",
        "--stall",
        "0",
        "--outage",
        "0",
        "--decline",
        "0",
        "--limit",
        "1000",
    ]);
    assert_eq!(printed.code, Some(0), "{}", printed.text);
    assert_eq!(printed.numbers("orders: "), [10, 0, 0, 0]);
    let rows = printed.rows();
    for node in [
        "lock",
        "stock",
        "charge",
        "label",
        "shipment",
        "release-lock",
    ] {
        let row = rows[node];
        assert_eq!(
            (row.requests, row.attempts, row.retries),
            (10, 10, 0),
            "{node}"
        );
    }
    // Five trading days, each asked for once: the other orders of a day have it from the cache.
    let rates = rows["rates"];
    assert!((1..=5).contains(&rates.requests), "{rates:?}");
    assert_eq!(rates.requests, rates.attempts);
}

#[test]
fn failures_are_survived_and_nobody_pays_twice() {
    let printed = Printed::of(&[
        "--orders", "30", "--every", "10", "--fail", "0.4", "--limit", "1000",
    ]);
    assert_eq!(printed.code, Some(0), "{}", printed.text);
    let rows = printed.rows();
    let charge = rows["charge"];
    // The books: shipped, reserved, payments, given back, paid twice, locked.
    let [shipped, reserved, payments, refunds, twice, locked] = printed.numbers("books:")[..]
    else {
        panic!("the books have another form: {}", printed.text);
    };
    assert_eq!((twice, locked), (0, 0));
    assert_eq!(reserved, shipped);
    assert_eq!(payments, shipped + refunds);
    // More requests than payments: the others failed or were told the answer again.
    assert!(
        charge.requests > payments && charge.replayed > 0,
        "{charge:?}"
    );
    for (node, row) in &rows {
        // On a machine that is busy, an attempt may time out before its request arrives.
        let unseen = row.timeouts.saturating_sub(row.stalled);
        let arrived = row.attempts.saturating_sub(unseen)..=row.attempts;
        assert!(arrived.contains(&row.requests), "{node}: {row:?}");
        if *node == "rates" {
            continue;
        }
        // Every stalled request was given up by its timeout; what failed was tried again or fell back, and what was
        // given up at last is what the orders failed with.
        assert!(row.timeouts >= row.stalled, "{node}: {row:?}");
        assert!(
            row.retries + row.fallbacks <= row.refused + row.lost + row.timeouts,
            "{node}: {row:?}"
        );
    }
    for node in ["lock", "release-lock"] {
        assert_eq!(rows[node].attempts, 30 + rows[node].retries, "{node}");
    }
    assert!(rows.values().map(|row| row.timeouts).sum::<u32>() > 0);
    assert_eq!(
        printed
            .metric("orch_run_duration_seconds_count{workflow=\"Checkout\",status=\"completed\"}"),
        f64::from(shipped)
    );
}

#[test]
fn a_busy_service_is_left_alone_as_long_as_it_asks() {
    let printed = Printed::of(&[
        "--orders",
        "12",
        "--every",
        "0",
        "--fail",
        "0",
        "--stall",
        "0",
        "--outage",
        "0",
        "--decline",
        "0",
        "--limit",
        "4",
    ]);
    assert_eq!(printed.code, Some(0), "{}", printed.text);
    assert_eq!(printed.numbers("orders: "), [12, 0, 0, 0]);
    let stock = printed.rows()["stock"];
    assert!(stock.limited > 0, "{stock:?}");
    assert_eq!(stock.requests, 12 + stock.limited);
    assert_eq!(stock.retries, stock.limited);
    let waits = printed
        .text
        .lines()
        .filter(|line| line.ends_with("asks to come again in 1s; again in 1s"));
    assert_eq!(waits.count(), stock.limited as usize);
}

#[test]
fn rates_that_fail_are_left_alone_and_replaced() {
    let printed = Printed::of(&[
        "--orders",
        "8",
        "--every",
        "0",
        "--fail",
        "0",
        "--stall",
        "0",
        "--outage",
        "1000",
        "--decline",
        "0",
        "--limit",
        "1000",
    ]);
    assert_eq!(printed.code, Some(0), "{}", printed.text);
    let rates = printed.rows()["rates"];
    // Each order would ask twice for its day; the breaker opens at the third failure, and a few may be under way by then.
    assert!((3..16).contains(&rates.requests), "{rates:?}");
    assert_eq!((rates.fallbacks, rates.refused), (8, rates.requests));
    let priced = printed
        .text
        .lines()
        .filter(|line| line.contains("last known rates"));
    assert_eq!(priced.count(), 8);
    let refused = printed.numbers("breaker fetch-rates:");
    assert!(refused[0] >= 1 && refused[1] >= 1, "{refused:?}");
    assert_eq!(
        printed.metric("orch_fallback_total{workflow=\"Checkout\",node=\"rates\",tier=\"1\"}"),
        8.0
    );
}

#[test]
fn a_declined_order_is_told_so_and_undone() {
    let printed = Printed::of(&[
        "--orders",
        "5",
        "--every",
        "0",
        "--fail",
        "0",
        "--stall",
        "0",
        "--outage",
        "0",
        "--decline",
        "1",
        "--limit",
        "1000",
    ]);
    assert_eq!(printed.code, Some(0), "{}", printed.text);
    assert_eq!(printed.numbers("orders: "), [0, 5, 0, 0]);
    assert_eq!(printed.numbers("books:"), [0, 0, 0, 0, 0, 0]);
    let charge = printed.rows()["charge"];
    assert_eq!((charge.requests, charge.retries), (5, 0));
    let declined = printed
        .text
        .lines()
        .filter(|line| line.contains("declined  insufficient funds"));
    assert_eq!(declined.count(), 5);
}

#[test]
fn an_order_that_cannot_be_shipped_is_given_its_money_back() {
    let printed = Printed::of(&[
        "--orders",
        "4",
        "--every",
        "0",
        "--fail",
        "0",
        "--stall",
        "0",
        "--outage",
        "0",
        "--decline",
        "0",
        "--limit",
        "1000",
        "--lost-parcels",
    ]);
    assert_eq!(printed.code, Some(0), "{}", printed.text);
    assert_eq!(printed.numbers("orders: "), [0, 0, 0, 4]);
    assert_eq!(printed.numbers("books:"), [0, 0, 4, 4, 0, 0]);
}

#[test]
fn express_orders_go_by_courier() {
    let arguments = [
        "--orders",
        "6",
        "--every",
        "0",
        "--fail",
        "0",
        "--stall",
        "0",
        "--decline",
        "0",
        "--limit",
        "1000",
    ];
    let with = |more: &[&str]| Printed::of(&[&arguments[..], more].concat());
    let by_courier = |printed: &Printed| {
        printed
            .text
            .lines()
            .filter(|line| line.contains("  courier-"))
            .count()
    };
    assert_eq!(by_courier(&with(&["--express"])), 6);
    assert!(by_courier(&with(&[])) < 6);
}

#[test]
fn mistakes_on_the_command_line_are_named() {
    for (arguments, message) in [
        (["--fail", "2"], "not between 0 and 1"),
        (["--limit", "0"], "0 is not in 1.."),
        (
            ["--set", "Checkout.charge.timeout"],
            "not of the form KEY=VALUE",
        ),
        (
            ["--set", "Checkout.chrge.timeout=2s"],
            "no node or step `chrge`",
        ),
        (["--set", "Checkout.charge.timeout=soon"], "soon"),
    ] {
        let ran = run("order_processing", &arguments);
        assert!(!ran.status.success());
        assert!(
            text(&ran.stderr).contains(message),
            "{arguments:?}: {}",
            text(&ran.stderr)
        );
    }
}

#[test]
fn a_timeout_can_be_set_from_outside() {
    let stalled = [
        "--orders", "3", "--every", "0", "--fail", "0", "--stall", "1", "--outage", "0", "--limit",
        "1000",
    ];
    let set = [
        "--set",
        "Checkout.lock.timeout=20ms",
        "--set",
        "Checkout.lock.retries=1",
    ];
    let quick = ["--set", "Checkout.release-lock.timeout=20ms"];
    let printed = Printed::of(&[&stalled[..], &set[..], &quick[..]].concat());
    let lock = printed.rows()["lock"];
    assert_eq!((lock.attempts, lock.timeouts, lock.retries), (6, 6, 3));
    assert!(
        printed.text.contains("its timeout of 20ms"),
        "{}",
        printed.text
    );
}

#[test]
fn help_is_given() {
    let ran = run("order_processing", &["--help"]);
    assert!(ran.status.success());
    for option in [
        "--orders",
        "--fail",
        "--stall",
        "--limit",
        "--seed",
        "--express",
        "--set",
        "--db",
        "approve",
    ] {
        assert!(text(&ran.stdout).contains(option), "{option}");
    }
}

/// A directory with the orders in a file, worked on by real processes.
struct Orders(tempfile::TempDir);

/// A process that works on orders, and ends with its test.
struct Worker(Child);

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Deref for Worker {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.0
    }
}

impl DerefMut for Worker {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Orders {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// What the service did for an order, in order.
    fn acts(&self, order: u32) -> Vec<String> {
        let Ok(text) = std::fs::read(self.path("orders.books.json")) else {
            return Vec::new();
        };
        let books: serde_json::Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(books["twice"], serde_json::json!([]));
        let acts = books["acts"][order.to_string()].as_array();
        let acts = acts.into_iter().flatten();
        acts.map(|act| act.as_str().unwrap().to_owned()).collect()
    }

    /// Starts to work on orders at a service that behaves, and lets them be written to a file.
    fn work(&self, output: &str, more: &[&str]) -> Worker {
        let output = File::create(self.path(output)).unwrap();
        let mut command = Command::new(program("order_processing"));
        command.arg("--db").arg(self.path("orders.db"));
        command.args([
            "--every", "5", "--fail", "0", "--stall", "0", "--outage", "0",
        ]);
        command
            .args(["--decline", "0", "--limit", "1000"])
            .args(more);
        command.stdout(output.try_clone().unwrap()).stderr(output);
        Worker(command.spawn().unwrap())
    }

    /// Works on orders to the end.
    fn worked(&self, more: &[&str]) -> String {
        let ended = self.work("worked", more).wait().unwrap();
        let printed = self.printed("worked");
        assert!(ended.success(), "{printed}");
        printed
    }

    fn printed(&self, output: &str) -> String {
        std::fs::read_to_string(self.path(output)).unwrap()
    }

    /// What a second terminal asks and is answered.
    fn ask(&self, arguments: &[&str]) -> String {
        let db = self.path("orders.db");
        let all = [&["--db", db.to_str().unwrap()], arguments].concat();
        let ran = run("order_processing", &all);
        format!("{}{}", text(&ran.stdout), text(&ran.stderr))
    }

    /// The order's line among those that the second terminal lists.
    fn listed(&self, order: &str) -> String {
        let list = self.ask(&["list"]);
        let mut lines = list.lines();
        let line = lines.find(|line| line.starts_with(&format!("{order} ")));
        line.unwrap_or_default().to_owned()
    }

    fn until(&self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        let begun = Instant::now();
        while !holds(self) {
            assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
            sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn orders_survive_kills_and_nothing_is_done_twice() {
    let orders = Orders::new();
    // Every second request fails or loses its answer, so that there is something to do for a while.
    let rough = [
        "--orders",
        "12",
        "--fail",
        "0.4",
        "--approve-above",
        "100000",
    ];
    let done = |orders: &Orders| {
        (1..=12)
            .map(|order| orders.acts(order).len())
            .sum::<usize>()
    };
    for kill in 1..=3 {
        let mut worker = orders.work("killed", &rough);
        let before = done(&orders);
        orders.until("something is done", |orders| {
            done(orders) > before + 2 * kill
        });
        worker.kill().unwrap();
        assert!(!worker.wait().unwrap().success());
        let ended = orders.printed("killed");
        assert!(
            !ended.contains("orders: "),
            "it was killed in the middle: {ended}"
        );
    }
    let printed = orders.worked(&rough);
    assert!(
        printed.contains(" 0 things done twice, 0 locked"),
        "{printed}"
    );
    let listed = orders.ask(&["list"]);
    assert_eq!(listed.lines().count(), 12, "{listed}");
    for order in 1..=12 {
        let (acts, line) = (orders.acts(order), orders.listed(&format!("order-{order}")));
        match line.split_whitespace().nth(1).unwrap() {
            "completed" => assert_eq!(acts, ["reserved", "charged", "shipped"], "{line}"),
            _ => assert_eq!(
                acts.len() % 2,
                0,
                "what was done is undone: {line} {acts:?}"
            ),
        }
    }
    // Once more, nothing is left to do: each order ends as it did.
    let again = orders.worked(&rough);
    assert!(again.contains("books:") && orders.ask(&["list"]) == listed);
    assert!(
        again.contains("stock        |        0"),
        "nobody asks for anything: {again}"
    );
}

#[test]
fn a_large_order_is_approved_from_a_second_terminal() {
    let orders = Orders::new();
    let large = ["--orders", "2", "--approve-above", "0"];
    let mut worker = orders.work("first", &large);
    let waits = |orders: &Orders| {
        ["order-1", "order-2"].iter().all(|order| {
            let line = orders.listed(order);
            line.contains(" waiting ") && line.contains(" waits for ada or grace: approve order-")
        })
    };
    orders.until("both wait", waits);
    worker.kill().unwrap();
    worker.wait().unwrap();
    assert!(
        orders
            .printed("first")
            .contains("order-1    waits for somebody to approve it")
    );
    assert_eq!(orders.acts(1), ["reserved"]);

    let mut worker = orders.work("second", &large);
    orders.until("it reminds of them", |orders| {
        orders.printed("second").contains("order-2    €")
    });
    assert_eq!(
        orders.ask(&["approve", "order-1", "--by", "eve"]),
        "eve may not decide: ada, grace may\n"
    );
    assert_eq!(
        orders.ask(&["approve", "order-3", "--by", "ada"]),
        "there is no run order-3\n"
    );
    let approved = ["approve", "order-1", "--by", "ada", "--total", "12345"];
    assert_eq!(orders.ask(&approved), "order-1 is approved by ada\n");
    orders.until("it is shipped", |orders| orders.acts(1).len() == 3);
    assert!(
        worker.try_wait().unwrap().is_none(),
        "the other one still waits"
    );
    assert_eq!(
        orders.ask(&["approve", "order-1", "--by", "grace"]),
        "nothing of order-1 waits for somebody\n"
    );
    let reject = [
        "reject",
        "order-2",
        "--by",
        "grace",
        "--because",
        "who is this?",
    ];
    assert_eq!(orders.ask(&reject), "order-2 is rejected by grace\n");
    assert!(
        worker.wait().unwrap().success(),
        "{}",
        orders.printed("second")
    );

    assert_eq!(orders.listed("order-1"), "order-1    completed  €123.45");
    let rejected = orders.listed("order-2");
    assert!(
        rejected.contains("grace rejected its value: who is this?"),
        "{rejected}"
    );
    assert_eq!(orders.acts(2), ["reserved", "released"]);
    let shown = orders.ask(&["show", "order-1"]);
    assert!(
        shown.starts_with("order-1 is completed, version 2.0.0\n"),
        "{shown}"
    );
    assert!(
        shown.contains(r#"{"approved":true,"by":"ada","value":"#),
        "{shown}"
    );
}

#[test]
fn what_cannot_go_on_is_undone_in_reverse_order_and_may_be_tried_again() {
    let orders = Orders::new();
    let one = ["--orders", "1", "--approve-above", "100000"];
    let printed = orders.worked(&[&one[..], &["--decline", "1"]].concat());
    assert!(
        printed.contains("order-1    declined  insufficient funds"),
        "{printed}"
    );
    assert_eq!(orders.acts(1), ["reserved", "released"]);

    let orders = Orders::new();
    orders.worked(&[&one[..], &["--lost-parcels"]].concat());
    let undone = [
        "reserved",
        "charged",
        "shipped",
        "called-back",
        "refunded",
        "released",
    ];
    assert_eq!(orders.acts(1), undone);
    assert!(orders.listed("order-1").contains(" failed "));
    assert_eq!(
        orders.ask(&["retry", "order-1"]),
        "order-1 is to be tried again\n"
    );
    assert!(orders.listed("order-1").contains(" queued "));
    let printed = orders.worked(&one);
    assert!(printed.contains("order-1    shipped"), "{printed}");
    assert_eq!(orders.acts(1)[6..], undone[..3]);
}

#[test]
fn an_order_that_waits_can_be_cancelled() {
    let orders = Orders::new();
    let mut worker = orders.work("worked", &["--orders", "1", "--approve-above", "0"]);
    orders.until("it waits", |orders| {
        orders.listed("order-1").contains(" waiting ")
    });
    let cancel = ["cancel", "order-1", "--because", "changed my mind"];
    assert_eq!(orders.ask(&cancel), "order-1 is to be cancelled\n");
    worker.wait().unwrap();
    assert!(orders.printed("worked").contains("changed my mind"));
    assert!(orders.listed("order-1").contains(" cancelled "));
    assert_eq!(orders.acts(1), ["reserved", "released"]);
}

#[cfg(unix)]
#[test]
fn a_worker_that_is_interrupted_lets_its_steps_finish() {
    let orders = Orders::new();
    let mut worker = orders.work("stopped", &["--orders", "1", "--approve-above", "0"]);
    orders.until("it waits", |orders| {
        orders.listed("order-1").contains(" waiting ")
    });
    let interrupt = Command::new("kill")
        .args(["-INT", &worker.id().to_string()])
        .status();
    assert!(interrupt.unwrap().success());
    assert!(worker.wait().unwrap().success());
    assert!(
        orders
            .printed("stopped")
            .contains("started again, it goes on where it was")
    );
    assert_eq!(
        orders.ask(&["approve", "order-1", "--by", "ada"]),
        "order-1 is approved by ada\n"
    );
    orders.worked(&["--orders", "1", "--approve-above", "0"]);
    assert_eq!(orders.acts(1), ["reserved", "charged", "shipped"]);
}

#[test]
fn a_second_terminal_says_where_the_orders_are() {
    let ran = run("order_processing", &["list"]);
    assert!(!ran.status.success());
    assert!(text(&ran.stderr).contains("--db orders.db"));
}
