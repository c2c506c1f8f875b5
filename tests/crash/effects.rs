//! What steps did, in a file that knows nothing of runs: a line before each effect and one after it.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use orch::prelude::*;

/// The name of the file.
pub const FILE: &str = "effects.log";

/// The file, to which processes append.
#[derive(Debug)]
pub struct Effects(File);

/// A line of the file.
#[derive(Debug, Clone)]
pub struct Line {
    pub what: What,
    /// Where in the workflow it was, as the workflow names it; no other place of the run has this name.
    pub site: String,
    /// The idempotency key that the step was given.
    pub key: String,
    pub process: u32,
    /// When, in milliseconds since the Unix epoch.
    pub at: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Begin,
    End,
    UndoBegin,
    UndoEnd,
}

impl What {
    const ALL: [(Self, &str); 4] = [
        (Self::Begin, "begin"),
        (Self::End, "end"),
        (Self::UndoBegin, "undo-begin"),
        (Self::UndoEnd, "undo-end"),
    ];
}

impl Effects {
    pub fn open(directory: &Path) -> Self {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(directory.join(FILE));
        Self(file.unwrap())
    }

    fn note(&self, what: What, ctx: &StepCtx, site: &str) {
        let word = What::ALL
            .iter()
            .find(|(known, _)| *known == what)
            .unwrap()
            .1;
        let (run, key) = (ctx.correlation_id(), ctx.idempotency_key());
        let (process, at) = (std::process::id(), now());
        let line = format!("{word}\t{run}\t{site}\t{key}\t{process}\t{at}\n");
        // One write, so that lines of two processes do not mix.
        (&self.0).write_all(line.as_bytes()).unwrap();
    }

    /// Has an effect that takes a moment.
    pub async fn have(&self, ctx: &StepCtx, site: &str) {
        self.note(What::Begin, ctx, site);
        moment(site).await;
        self.note(What::End, ctx, site);
    }

    /// Undoes an effect, which takes a moment.
    pub async fn undo(&self, ctx: &StepCtx, site: &str) {
        self.note(What::UndoBegin, ctx, site);
        moment(site).await;
        self.note(What::UndoEnd, ctx, site);
    }
}

/// Up to three milliseconds, not always the same.
async fn moment(site: &str) {
    let length = (site.len() as u64 + now().unsigned_abs()) % 4;
    if length > 0 {
        tokio::time::sleep(Duration::from_millis(length)).await;
    }
}

pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_millis().try_into().unwrap()
}

/// The lines of the file, with the runs that they are about.
pub fn read(directory: &Path) -> Vec<(String, Line)> {
    let text = std::fs::read_to_string(directory.join(FILE)).unwrap();
    let lines = text.lines().map(|line| {
        let parts: Vec<&str> = line.split('\t').collect();
        let [word, run, site, key, process, at] = parts[..] else {
            panic!("a line that no step wrote: {line}");
        };
        let what = What::ALL
            .iter()
            .find(|(_, known)| *known == word)
            .unwrap()
            .0;
        let line = Line {
            what,
            site: site.to_owned(),
            key: key.to_owned(),
            process: process.parse().unwrap(),
            at: at.parse().unwrap(),
        };
        (run.to_owned(), line)
    });
    lines.collect()
}
