//! What runs are to give, told without the library.

use std::collections::BTreeSet;

use orch::RunStatus;

/// The workflows, by the numbers of their runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Waves,
    Fan,
    Nested,
    Wait,
    Turns,
    Arms,
    Booked,
    Family,
    Stopped,
}

/// A run that is to be.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub kind: Kind,
    pub n: u64,
}

/// How a run is to end.
#[derive(Debug)]
pub struct Expected {
    pub status: RunStatus,
    pub output: Option<u64>,
    /// Where it is to have had effects, and nowhere else.
    pub sites: BTreeSet<String>,
    /// What is to be undone; `None` of a run that is cancelled at some point.
    pub undone: Option<BTreeSet<String>>,
}

/// What a step makes of its input.
pub fn mix(n: u64) -> u64 {
    (n * 31 + 7) % 1_000_003
}

/// The run of this number.
pub fn plan(idx: usize) -> Plan {
    const KINDS: [Kind; 13] = [
        Kind::Waves,
        Kind::Fan,
        Kind::Booked,
        Kind::Wait,
        Kind::Nested,
        Kind::Stopped,
        Kind::Turns,
        Kind::Booked,
        Kind::Arms,
        Kind::Waves,
        Kind::Arms,
        Kind::Turns,
        Kind::Family,
    ];
    Plan {
        kind: KINDS[idx % KINDS.len()],
        n: (idx as u64) * 7 + 3,
    }
}

/// The run's id.
pub fn id(idx: usize) -> String {
    format!("run-{idx}")
}

/// What is sent to a run that waits.
pub fn said(idx: usize) -> u64 {
    plan(idx).n * 3
}

/// Gathers where a run has effects.
#[derive(Default)]
struct Sites(BTreeSet<String>);

impl Sites {
    fn work(&mut self, site: impl Into<String>, n: u64) -> u64 {
        self.0.insert(site.into());
        mix(n)
    }
}

pub fn expected(idx: usize) -> Expected {
    let Plan { kind, n } = plan(idx);
    let mut sites = Sites::default();
    let (mut status, mut undone) = (RunStatus::Completed, Some(BTreeSet::new()));
    let output = match kind {
        Kind::Waves => {
            let (a, b) = (sites.work("a", n), sites.work("b", n + 1));
            let c = sites.work("c", n + 2);
            let (d, e) = (sites.work("d", a + b), sites.work("e", b + c));
            Some(sites.work("f", d + e))
        }
        Kind::Fan => {
            let items = n..n + 100 + n % 200;
            let sum = items.map(|x| {
                let one = sites.work(format!("one {x}"), x);
                sites.work(format!("two {x}"), one)
            });
            let sum = sum.sum();
            Some(sites.work("last", sum))
        }
        Kind::Nested => {
            let inside = (n..n + 5).map(|x| {
                let a = sites.work(format!("inner a {x}"), x);
                let b = sites.work(format!("inner b {x}"), x + 1);
                sites.work(format!("inner c {x}"), a + b)
            });
            let inside: u64 = inside.sum();
            let a = sites.work("plain a", n);
            let plain = sites.work("plain b", a);
            Some(sites.work("last", plain + inside))
        }
        Kind::Wait => {
            sites.work("a", n);
            let b = sites.work("b", n + 1);
            let c = sites.work("c", said(idx));
            Some(sites.work("d", c + b) + 1)
        }
        Kind::Turns => {
            let left = (0..=n % 6).map(|left| sites.work(format!("left {left}"), 0));
            let left = left.last().unwrap_or_default();
            Some(sites.work("last", left))
        }
        Kind::Arms => {
            let first = sites.work("first", n);
            let taken = match first % 3 {
                0 => sites.work("zero", first),
                1 => {
                    let a = sites.work("one a", first);
                    sites.work("one b", a)
                }
                _ => {
                    sites.work("refusing", first);
                    sites.work("fallback", first)
                }
            };
            let missing = sites.work("missing", n);
            let missing = if n % 2 == 0 { 3 } else { missing };
            Some(sites.work("last", taken + missing))
        }
        Kind::Booked => {
            let a = sites.work("a", n);
            let b = sites.work("b", a);
            let many: u64 = (n..n + 12)
                .map(|x| sites.work(format!("item {x}"), x))
                .sum();
            if n % 2 == 1 {
                undone = Some(sites.0.clone());
            }
            let c = sites.work("c", b + many);
            let last = (n % 2 == 0).then(|| sites.work("last", c));
            sites.work("cleanup", n);
            if last.is_none() {
                status = RunStatus::Failed;
            }
            last
        }
        Kind::Family => {
            sites.work("a", n);
            let mut inside = |n: u64| {
                let a = sites.work(format!("inside a {n}"), n);
                let items = (n..n + 3).map(|x| sites.work(format!("inside {n} item {x}"), x));
                a + items.sum::<u64>()
            };
            let (own, each) = (
                inside(n),
                (n..n + 3).map(|x| inside(x + 1_000)).sum::<u64>(),
            );
            let booked = sites.0.clone();
            sites.work("refused", n);
            let after = sites.work("after", n + u64::from(n % 3 == 0));
            let last = sites.work("last", after + own);
            if n % 2 == 1 {
                undone = Some(booked);
                status = RunStatus::Failed;
            }
            (n % 2 == 0).then_some(last + each)
        }
        Kind::Stopped => {
            for x in n..n + 20 {
                sites.work(format!("item {x}"), x);
            }
            for site in ["a", "b", "cleanup"] {
                sites.work(site, n);
            }
            (status, undone) = (RunStatus::Cancelled, None);
            None
        }
    };
    Expected {
        status,
        output,
        sites: sites.0,
        undone,
    }
}
