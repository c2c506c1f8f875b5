//! The floor: the same rows, written by hand.
//!
//! One thread writes, in one transaction whatever was submitted meanwhile, and seven rows a workflow: its start, five
//! results, its end.

use std::path::Path;
use std::sync::mpsc;

use rusqlite::Connection;
use tokio::sync::oneshot;
use turn::{Figure, STEPS, Turn};

/// A row, and whoever waits for it to be kept.
type Row = (u64, u64, u64, oneshot::Sender<()>);

/// How many rows a transaction has at most.
const BATCH: usize = 1_000;

/// A thread that writes what was submitted.
#[derive(Clone)]
struct Floor(mpsc::Sender<Row>);

pub(crate) async fn take(turn: &Turn) -> Figure {
    let floor = Floor::open(&turn.database(), turn.synchronous.as_str());
    turn.take(move |n| {
        let floor = floor.clone();
        async move { floor.run(n).await }
    })
    .await
}

impl Floor {
    fn open(path: &Path, synchronous: &str) -> Self {
        let connection = Connection::open(path).unwrap();
        connection
            .pragma_update(None, "journal_mode", "wal")
            .unwrap();
        connection
            .pragma_update(None, "synchronous", synchronous)
            .unwrap();
        connection
            .execute_batch("CREATE TABLE row (run INTEGER, seq INTEGER, value TEXT, PRIMARY KEY (run, seq)) WITHOUT ROWID, STRICT")
            .unwrap();
        let (sender, rows) = mpsc::channel();
        std::thread::spawn(move || write(connection, &rows));
        Self(sender)
    }

    async fn keep(&self, run: u64, seq: u64, value: u64) {
        let (sender, kept) = oneshot::channel();
        self.0.send((run, seq, value, sender)).unwrap();
        kept.await.unwrap();
    }

    async fn run(&self, run: u64) -> u64 {
        let mut value = run;
        self.keep(run, 0, value).await;
        for seq in 1..=STEPS {
            value += 1;
            self.keep(run, seq, value).await;
        }
        self.keep(run, STEPS + 1, value).await;
        value
    }
}

fn write(mut connection: Connection, rows: &mpsc::Receiver<Row>) {
    while let Ok(first) = rows.recv() {
        let mut answers = Vec::new();
        let transaction = connection.transaction().unwrap();
        {
            let mut insert = transaction
                .prepare_cached("INSERT INTO row VALUES (?1, ?2, ?3)")
                .unwrap();
            let rows = std::iter::once(first).chain(rows.try_iter());
            for (run, seq, value, answer) in rows.take(BATCH) {
                let (run, seq) = (run.cast_signed(), seq.cast_signed());
                insert.execute((run, seq, value.to_string())).unwrap();
                answers.push(answer);
            }
        }
        transaction.commit().unwrap();
        for answer in answers {
            let _ = answer.send(()); // whoever waited may have gone
        }
    }
}
