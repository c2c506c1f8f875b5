//! What the steps of the tests share: a log of what happened when, and a gauge of how much was under way at once.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use orch::prelude::*;
use tokio::time::Instant;

/// Sees what steps do; clones see the same.
#[derive(Debug, Clone)]
pub struct Probe(Arc<Seen>);

#[derive(Debug)]
struct Seen {
    began: Instant,
    log: Mutex<Vec<(String, Duration)>>,
    under_way: AtomicUsize,
    most: AtomicUsize,
}

impl Probe {
    pub fn new() -> Self {
        Self(Arc::new(Seen {
            began: Instant::now(),
            log: Mutex::default(),
            under_way: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
        }))
    }

    /// Writes down that something happened.
    pub fn note(&self, what: impl Into<String>) {
        let entry = (what.into(), self.0.began.elapsed());
        self.0.log.lock().unwrap().push(entry);
    }

    /// What happened, in order.
    pub fn notes(&self) -> Vec<String> {
        let log = self.0.log.lock().unwrap();
        log.iter().map(|(what, _)| what.clone()).collect()
    }

    /// When this happened, each time, since the probe was made.
    pub fn times(&self, what: &str) -> Vec<Duration> {
        let log = self.0.log.lock().unwrap();
        let same = log.iter().filter(|(noted, _)| noted == what);
        same.map(|(_, at)| *at).collect()
    }

    /// How often this happened.
    pub fn count(&self, what: &str) -> usize {
        self.times(what).len()
    }

    /// Counts whoever holds it as under way; notes when it is dropped before it was told that all went well.
    pub fn enter(&self, what: &str) -> UnderWay {
        let now = self.0.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.most.fetch_max(now, Ordering::SeqCst);
        UnderWay {
            probe: self.clone(),
            dropped: Some(format!("{what} dropped")),
        }
    }

    /// The most that was ever under way at once.
    pub fn most(&self) -> usize {
        self.0.most.load(Ordering::SeqCst)
    }

    /// What is under way.
    pub fn under_way(&self) -> usize {
        self.0.under_way.load(Ordering::SeqCst)
    }

    /// How many clones of it there are: each is held by somebody.
    pub fn holders(&self) -> usize {
        Arc::strong_count(&self.0)
    }
}

/// Something that is under way.
#[derive(Debug)]
pub struct UnderWay {
    probe: Probe,
    dropped: Option<String>,
}

impl UnderWay {
    /// It came to its end.
    pub fn end(mut self) {
        self.dropped = None;
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.probe.0.under_way.fetch_sub(1, Ordering::SeqCst);
        if let Some(dropped) = self.dropped.take() {
            self.probe.note(dropped);
        }
    }
}

/// What steps of the tests fail with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused(pub &'static str);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused: {}", self.0)
    }
}

impl std::error::Error for Refused {}

pub const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Takes so many seconds.
#[step]
pub async fn takes(probe: &Probe, name: &'static str, seconds: u64) -> &'static str {
    let under_way = probe.enter(name);
    probe.note(format!("{name} starts"));
    tokio::time::sleep(secs(seconds)).await;
    probe.note(format!("{name} ends"));
    under_way.end();
    name
}

/// Fails after so many seconds.
#[step]
pub async fn fails(
    probe: &Probe,
    name: &'static str,
    seconds: u64,
) -> Result<&'static str, Refused> {
    probe.note(format!("{name} starts"));
    tokio::time::sleep(secs(seconds)).await;
    probe.note(format!("{name} fails"));
    Err(Refused(name))
}

/// Never ends by itself.
#[step]
pub async fn hangs(probe: &Probe, name: &'static str) -> &'static str {
    let under_way = probe.enter(name);
    probe.note(format!("{name} starts"));
    std::future::pending::<()>().await;
    under_way.end();
    name
}

/// Writes something down.
#[step]
pub fn notes(probe: &Probe, what: &'static str) {
    probe.note(what);
}

/// Lets everything that is ready run until nothing is.
pub async fn settle() {
    // Under paused time this passes once all else waits.
    tokio::time::sleep(millis(1)).await;
}

/// Waits on real time for what other threads are about to do.
pub async fn eventually(what: &str, holds: impl Fn() -> bool) {
    let began = std::time::Instant::now();
    while !holds() {
        assert!(
            began.elapsed() < secs(20),
            "{what}: not within {:?}",
            began.elapsed()
        );
        tokio::time::sleep(millis(1)).await;
    }
}
