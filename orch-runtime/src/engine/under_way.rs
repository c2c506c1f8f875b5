//! The calls of a durable run that are under way, and what each of them waits for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The calls of a run that are under way.
#[derive(Debug)]
pub(crate) struct UnderWay {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Each has its place for as long as it is under way.
    calls: Vec<Option<Call>>,
    /// Places that are free.
    free: Vec<usize>,
    /// When something of the run last went on.
    moved: Instant,
    /// Whether it was told that nothing has gone on since.
    told: bool,
}

/// A call that is under way.
#[derive(Debug)]
struct Call {
    instance: Arc<str>,
    since: Instant,
    undoes: bool,
    doing: Doing,
    /// Whether it ever waited on purpose, so that how long it took says nothing.
    waited: bool,
}

/// What a call waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doing {
    /// Its arguments are looked at.
    Beginning,
    /// Another call computes what the cache is to give.
    #[cfg(feature = "cache")]
    Cached,
    /// It waits for a place among those that run at once.
    Concurrency,
    /// It waits until its rate limit lets it through.
    #[cfg(feature = "rate-limit")]
    Rate,
    /// This attempt runs.
    Attempt(u32),
    /// It waits before this attempt.
    Backoff(u32),
    /// Its value is about to be kept.
    Kept,
    /// It waits for a time or a decision, as it should.
    OnPurpose,
}

/// Nothing of a run has gone on for a while, though it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standstill {
    /// The node, with its items; `None` where no call is under way.
    pub(crate) node: Option<Arc<str>>,
    /// Since when.
    pub(crate) since: Instant,
    /// What it waits for.
    pub(crate) waits_for: String,
}

impl Default for UnderWay {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                calls: Vec::new(),
                free: Vec::new(),
                moved: Instant::now(),
                told: false,
            }),
        }
    }
}

impl UnderWay {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something of the run went on.
    pub(crate) fn moved(&self) {
        self.state().go_on();
    }

    /// A call begins.
    pub(crate) fn begin(&self, instance: &str, undoes: bool) -> Calling<'_> {
        let mut state = self.state();
        let since = state.go_on();
        let call = Some(Call {
            instance: instance.into(),
            since,
            undoes,
            doing: Doing::Beginning,
            waited: false,
        });
        let place = match state.free.pop() {
            Some(place) => {
                state.calls[place] = call;
                place
            }
            None => {
                state.calls.push(call);
                state.calls.len() - 1
            }
        };
        Calling { all: self, place }
    }

    /// When the run stands still for so long.
    pub(crate) fn due(&self, after: Duration) -> Option<Instant> {
        let state = self.state();
        if state.told {
            return None;
        }
        state.moved.checked_add(after)
    }

    /// Where the run stands still, if it has for so long; once for each standstill.
    pub(crate) fn standstill(&self, after: Duration) -> Option<Standstill> {
        let mut state = self.state();
        if state.told || state.moved.elapsed() < after {
            return None;
        }
        state.told = true;
        let calls = state.calls.iter().flatten();
        let found = calls.filter(|call| call.doing != Doing::OnPurpose);
        // The one that has been under way for longest.
        let first = found.min_by_key(|call| call.since);
        Some(match first {
            Some(call) => Standstill {
                node: Some(Arc::clone(&call.instance)),
                since: call.since,
                waits_for: call.words(),
            },
            None => Standstill {
                node: None,
                since: state.moved,
                waits_for: "the store to keep what was recorded, or a thread to run on".to_owned(),
            },
        })
    }
}

impl State {
    fn go_on(&mut self) -> Instant {
        self.moved = Instant::now();
        self.told = false;
        self.moved
    }
}

impl Call {
    fn words(&self) -> String {
        let what = match self.doing {
            Doing::Beginning => "its arguments".to_owned(),
            #[cfg(feature = "cache")]
            Doing::Cached => "another call that computes the same".to_owned(),
            Doing::Concurrency => "a place under its limit of concurrency".to_owned(),
            #[cfg(feature = "rate-limit")]
            Doing::Rate => "its rate limit".to_owned(),
            Doing::Attempt(attempt) => format!("the end of attempt {attempt}"),
            Doing::Backoff(attempt) => format!("the time of attempt {attempt}"),
            Doing::Kept => "the store to keep its value".to_owned(),
            Doing::OnPurpose => "what it is there to wait for".to_owned(),
        };
        if self.undoes {
            return format!("{what} of the step that undoes it");
        }
        what
    }
}

/// A call that is under way until this is dropped.
#[derive(Debug)]
pub(crate) struct Calling<'a> {
    all: &'a UnderWay,
    place: usize,
}

impl Calling<'_> {
    /// What the call waits for from now on.
    pub(crate) fn does(&self, doing: Doing) {
        if let Some(call) = &mut self.all.state().calls[self.place] {
            call.waited |= doing == Doing::OnPurpose;
            call.doing = doing;
        }
    }

    /// How long it has been under way; `None` of one that waited on purpose.
    pub(crate) fn took(&self) -> Option<Duration> {
        let state = self.all.state();
        let call = state.calls[self.place].as_ref()?;
        (!call.waited).then(|| call.since.elapsed())
    }
}

impl Drop for Calling<'_> {
    fn drop(&mut self) {
        let mut state = self.all.state();
        state.calls[self.place] = None;
        state.free.push(self.place);
        state.go_on();
    }
}
