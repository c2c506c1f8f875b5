//! One turn of the durable benchmark, as every candidate takes it.
//!
//! A turn is so many workflows, so many at a time, of five steps that each add one to what they are given.
//! Candidates that cannot be in one binary take theirs in a process of its own, which is given the turn as arguments
//! and prints its figure.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant};

/// How many steps a workflow has.
pub const STEPS: u64 = 5;

/// When SQLite waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Synchronous {
    /// At each commit.
    Full,
    /// At checkpoints.
    Normal,
}

impl Synchronous {
    /// As SQLite spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "FULL",
            Self::Normal => "NORMAL",
        }
    }

    /// The number that `PRAGMA synchronous` answers.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::Full => 2,
            Self::Normal => 1,
        }
    }
}

impl FromStr for Synchronous {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        [Self::Full, Self::Normal]
            .into_iter()
            .find(|mode| mode.as_str() == word)
            .ok_or_else(|| format!("{word} is neither FULL nor NORMAL"))
    }
}

/// What is to be done.
#[derive(Debug, Clone)]
pub struct Turn {
    directory: PathBuf,
    /// How many workflows.
    pub total: u64,
    /// How many of them at once.
    pub at_a_time: u64,
    /// How every connection to the file is to be set.
    pub synchronous: Synchronous,
}

impl Turn {
    /// `total` workflows, so many at a time, in a directory that is empty.
    #[must_use]
    pub fn new(directory: &Path, total: u64, at_a_time: u64, synchronous: Synchronous) -> Self {
        Self {
            directory: directory.to_owned(),
            total,
            at_a_time,
            synchronous,
        }
    }

    /// The turn that this process was started for.
    ///
    /// # Errors
    /// If its arguments say none.
    pub fn of_process() -> Result<Self, String> {
        let arguments: Vec<_> = std::env::args_os().skip(1).collect();
        let [directory, numbers @ ..] = arguments.as_slice() else {
            return Err("arguments: DIRECTORY TOTAL AT-A-TIME FULL|NORMAL".to_owned());
        };
        let numbers: Vec<_> = numbers.iter().map(|word| word.to_string_lossy()).collect();
        let [total, at_a_time, synchronous] = numbers.as_slice() else {
            return Err("arguments: DIRECTORY TOTAL AT-A-TIME FULL|NORMAL".to_owned());
        };
        let number = |word: &str| word.parse().map_err(|_| format!("{word} is no number"));
        Ok(Self {
            directory: directory.into(),
            total: number(total)?,
            at_a_time: number(at_a_time)?,
            synchronous: synchronous.parse()?,
        })
    }

    /// The same, as arguments for a process.
    #[must_use]
    pub fn arguments(&self) -> [OsString; 4] {
        [
            self.directory.clone().into_os_string(),
            self.total.to_string().into(),
            self.at_a_time.to_string().into(),
            self.synchronous.as_str().into(),
        ]
    }

    /// The file to be used.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.directory.join("runs.db")
    }

    /// What all results add up to.
    #[must_use]
    pub fn sum(&self) -> u64 {
        (0..self.total).map(|n| n + STEPS).sum()
    }

    /// Runs the workflows: `run` is given a number, and gives what the workflow made of it.
    ///
    /// # Panics
    /// If it gives anything but the number with one added for each step.
    pub async fn take<F, R>(&self, run: F) -> Figure
    where
        F: Fn(u64) -> R + Clone + Send + 'static,
        R: Future<Output = u64> + Send,
    {
        let (total, at_a_time) = (self.total, self.at_a_time);
        let begun = Instant::now();
        let tasks: Vec<_> = (0..at_a_time)
            .map(|first| {
                let (run, mine) = (run.clone(), first..total);
                tokio::spawn(async move {
                    let mut took = Vec::new();
                    let mut sum = 0;
                    for n in mine.step_by(usize::try_from(at_a_time).unwrap_or(usize::MAX)) {
                        let begun = Instant::now();
                        let result = run(n).await;
                        took.push(begun.elapsed());
                        assert_eq!(result, n + STEPS, "workflow {n}");
                        sum += result;
                    }
                    (took, sum)
                })
            })
            .collect();
        let (mut took, mut sum) = (Vec::new(), 0);
        for task in tasks {
            let (its, part) = task.await.unwrap_or_else(|error| panic!("{error}"));
            took.extend(its);
            sum += part;
        }
        let all = begun.elapsed();
        took.sort_unstable();
        let at = |percent| took.get(took.len() * percent / 100).copied();
        Figure {
            per_second: total as f64 / all.as_secs_f64(),
            p50: at(50).unwrap_or_default(),
            p99: at(99).unwrap_or_default(),
            sum,
        }
    }
}

/// What a turn came to. Its text is what a candidate's process prints.
#[derive(Debug, Clone, Copy)]
pub struct Figure {
    /// Workflows a second.
    pub per_second: f64,
    /// What half of the workflows took at most, from start to result.
    pub p50: Duration,
    /// What all but one of a hundred took at most.
    pub p99: Duration,
    /// What the results add up to.
    pub sum: u64,
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            per_second,
            p50,
            p99,
            sum,
        } = self;
        let (p50, p99) = (p50.as_secs_f64(), p99.as_secs_f64());
        write!(f, "{per_second} {p50} {p99} {sum}")
    }
}

impl FromStr for Figure {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let words: Vec<_> = line.split_whitespace().collect();
        let wrong = || format!("`{line}` is no figure");
        let [per_second, p50, p99, sum] = words.as_slice() else {
            return Err(wrong());
        };
        let number = |word: &str| word.parse::<f64>().map_err(|_| wrong());
        let span = |word: &str| Duration::try_from_secs_f64(number(word)?).map_err(|_| wrong());
        Ok(Self {
            per_second: number(per_second)?,
            p50: span(p50)?,
            p99: span(p99)?,
            sum: sum.parse().map_err(|_| wrong())?,
        })
    }
}
