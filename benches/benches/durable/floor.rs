//! The floor: what SQLite takes of rows that are written by hand.
//!
//! One thread writes, in one transaction whatever was submitted meanwhile: of each workflow its start, five results and
//! its end.

use std::sync::mpsc;

use orch::prelude::Workflow as _;
use orch_benches::recorded::{self, Five};
use rusqlite::{Connection, Transaction};
use tokio::sync::oneshot;
use turn::{Figure, STEPS, Turn};

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    /// The rows that Orch keeps, in a file of its schema.
    Same,
    /// Three columns for each, and no index.
    Bare,
}

/// What is to be kept, and whoever waits for the key of its run.
struct Row {
    run: u64,
    /// The run's key, as its start was answered.
    key: i64,
    seq: u64,
    value: u64,
    kept: oneshot::Sender<i64>,
}

/// How many rows a transaction has at most.
const BATCH: usize = 1_000;

/// A thread that writes what was submitted.
#[derive(Clone)]
struct Floor(mpsc::Sender<Row>);

pub(crate) async fn take(turn: &Turn, rows: Rows) -> Figure {
    if rows == Rows::Same {
        drop(recorded::store(turn).await.unwrap());
    }
    let floor = Floor::open(turn, rows);
    turn.take(move |n| {
        let floor = floor.clone();
        async move { floor.run(n).await }
    })
    .await
}

impl Floor {
    fn open(turn: &Turn, rows: Rows) -> Self {
        let connection = Connection::open(turn.database()).unwrap();
        let pragmas = [
            ("journal_mode", "wal"),
            ("synchronous", turn.synchronous.as_str()),
        ];
        for (name, value) in pragmas {
            connection.pragma_update(None, name, value).unwrap();
        }
        if rows == Rows::Bare {
            connection
                .execute_batch("CREATE TABLE row (run INTEGER, seq INTEGER, value TEXT, PRIMARY KEY (run, seq)) WITHOUT ROWID, STRICT")
                .unwrap();
        }
        let (sender, submitted) = mpsc::channel();
        std::thread::spawn(move || write(connection, &submitted, rows));
        Self(sender)
    }

    async fn keep(&self, run: u64, key: i64, seq: u64, value: u64) -> i64 {
        let (sender, kept) = oneshot::channel();
        let row = Row {
            run,
            key,
            seq,
            value,
            kept: sender,
        };
        self.0.send(row).unwrap();
        kept.await.unwrap()
    }

    async fn run(&self, run: u64) -> u64 {
        let mut value = run;
        let key = self.keep(run, 0, 0, value).await;
        for seq in 1..=STEPS {
            value += 1;
            self.keep(run, key, seq, value).await;
        }
        self.keep(run, key, STEPS + 1, value).await;
        value
    }
}

fn write(mut connection: Connection, submitted: &mpsc::Receiver<Row>, rows: Rows) {
    let fingerprint = Five::GRAPH.fingerprint().to_string();
    while let Ok(first) = submitted.recv() {
        let mut answers = Vec::new();
        let transaction = connection.transaction().unwrap();
        let meanwhile = std::iter::once(first).chain(submitted.try_iter());
        for row in meanwhile.take(BATCH) {
            let key = match rows {
                Rows::Bare => row.bare(&transaction),
                Rows::Same => row.same(&transaction, &fingerprint),
            };
            answers.push((row.kept, key));
        }
        transaction.commit().unwrap();
        for (kept, key) in answers {
            let _ = kept.send(key); // whoever waited may have gone
        }
    }
}

/// A time like those that are kept.
const AT: i64 = 1_800_000_000_000;

impl Row {
    fn bare(&self, transaction: &Transaction<'_>) -> i64 {
        let (run, seq) = (self.run.cast_signed(), self.seq.cast_signed());
        transaction
            .prepare_cached("INSERT INTO row VALUES (?1, ?2, ?3)")
            .unwrap()
            .execute((run, seq, self.value.to_string()))
            .unwrap();
        run
    }

    fn same(&self, transaction: &Transaction<'_>, fingerprint: &str) -> i64 {
        const START: &str = "INSERT INTO runs (id, workflow, version, fingerprint, status, owner, fence, priority, \
                             timed, started_at) VALUES (?1, ?2, ?3, ?4, 'running', 1, 1, 50, 0, ?5)";
        const INPUT: &str = "INSERT INTO inputs (run, value) VALUES (?1, ?2)";
        const RESULT: &str = "INSERT INTO entries (run, seq, node, kind, value, at) VALUES (?1, ?2, ?3, 'done', ?4, ?5)";
        const END: &str = "UPDATE runs SET status = 'completed', owner = NULL, fence = fence + 1, output = ?2, \
                           ended_at = ?3 WHERE key = ?1";
        let value = self.value.to_string();
        let prepare = |sql| transaction.prepare_cached(sql).unwrap();
        match self.seq {
            0 => {
                let spec = &Five::SPEC;
                // As long as the ids that Orch gives, and in their order.
                let id = format!("{:036x}", self.run);
                let start = (id, spec.name, spec.version, fingerprint, AT);
                prepare(START).execute(start).unwrap();
                let key = transaction.last_insert_rowid();
                prepare(INPUT).execute((key, value)).unwrap();
                return key;
            }
            seq if seq <= STEPS => {
                let seq = seq.cast_signed();
                let node = ["a", "b", "c", "d", "e"][self.seq as usize - 1];
                prepare(RESULT)
                    .execute((self.key, seq, node, value, AT))
                    .unwrap();
            }
            _ => {
                prepare(END).execute((self.key, value, AT)).unwrap();
            }
        }
        self.key
    }
}
