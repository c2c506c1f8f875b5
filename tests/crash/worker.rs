//! The process that is killed: it drives runs, and starts those that it is told to.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, Write as _};
use std::path::Path;

use orch::prelude::*;
use orch::store::Sqlite;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use crate::effects::Effects;
use crate::model::{Kind, Plan, id, plan};
use crate::workflows::{Arms, Booked, Family, Fan, Nested, Stopped, Turns, Wait, Waves};

/// The name of the database.
pub const DATABASE: &str = "runs.db";

/// The name of the file with what workers report: who they are and what went wrong.
pub const REPORTS: &str = "reports.log";

/// Drives runs until it is killed.
pub fn work(directory: &Path) {
    let reports = OpenOptions::new()
        .create(true)
        .append(true)
        .open(directory.join(REPORTS));
    let subscriber = tracing_subscriber::registry().with(Reports(reports.unwrap()));
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.unwrap().block_on(drive(directory));
}

async fn drive(directory: &Path) {
    let store = Sqlite::options()
        .open_blocking(directory.join(DATABASE))
        .unwrap();
    let orch = Orchestrator::builder()
        .store(store)
        .resource(Effects::open(directory))
        .workflow(Waves)
        .workflow(Fan)
        .workflow(Nested)
        .workflow(Wait)
        .workflow(Turns)
        .workflow(Arms)
        .workflow(Booked)
        .workflow(Family)
        .workflow(Stopped)
        .build()
        .await
        .unwrap();
    let (told, mut asked) = tokio::sync::mpsc::unbounded_channel::<usize>();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let idx = line.ok().and_then(|line| line.parse().ok());
            if idx.is_none_or(|idx| told.send(idx).is_err()) {
                return;
            }
        }
    });
    while let Some(idx) = asked.recv().await {
        let Plan { kind, n } = plan(idx);
        match kind {
            Kind::Waves => start(&orch, Waves, n, idx).await,
            Kind::Fan => start(&orch, Fan, n, idx).await,
            Kind::Nested => start(&orch, Nested, n, idx).await,
            Kind::Wait => start(&orch, Wait, n, idx).await,
            Kind::Turns => start(&orch, Turns, n, idx).await,
            Kind::Arms => start(&orch, Arms, n, idx).await,
            Kind::Booked => start(&orch, Booked, n, idx).await,
            Kind::Family => start(&orch, Family, n, idx).await,
            Kind::Stopped => start(&orch, Stopped, n, idx).await,
        }
    }
    // The one that kills is gone.
}

async fn start<W: Workflow<Input = u64>>(orch: &Orchestrator, workflow: W, n: u64, idx: usize) {
    if let Err(error) = orch.start(workflow, n).id(id(idx)).await {
        tracing::error!(target: "orch", event = "not_started", idx, %error);
    }
}

/// Appends what the library logs as errors, with who it was.
struct Reports(File);

impl<S: tracing::Subscriber> Layer<S> for Reports {
    fn on_event(&self, event: &tracing::Event<'_>, _ctx: Context<'_, S>) {
        if *event.metadata().level() > tracing::Level::WARN {
            return;
        }
        let mut line = format!("{}", std::process::id());
        event.record(&mut Fields(&mut line));
        line.push('\n');
        // One write, so that lines of two processes do not mix; of a process that is killed it may be missing.
        let _ = (&self.0).write_all(line.as_bytes());
    }
}

struct Fields<'a>(&'a mut String);

impl tracing::field::Visit for Fields<'_> {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn fmt::Debug) {
        use fmt::Write as _;
        // Writing into a `String` cannot fail.
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}
