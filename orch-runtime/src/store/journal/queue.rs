//! What was submitted and is not kept yet, and the thread that keeps it.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, oneshot};

use super::{Answer, JournalError};
use crate::observe::tracing;
use crate::store::{Applied, Change, Held, Refused, Store, StoreError, StoreErrorKind};

/// How many changes are kept in one transaction.
const BATCH: usize = 1_024;

/// How long the first pause is after which a full or busy store is tried again; each is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Where a change is answered.
type Reply = Option<oneshot::Sender<Answered>>;

/// An answer, and the change, which is freed most cheaply on the thread that made it.
///
/// Where nobody hears of runs that are held since, they are let go of: nobody else would drive them.
#[derive(Debug)]
pub(super) struct Answered {
    answer: Option<Answer>,
    journal: Weak<Queue>,
    _change: Change,
}

impl Answered {
    pub(super) fn heard(mut self) -> Answer {
        self.answer.take().unwrap_or(Err(JournalError::Closed))
    }
}

impl Drop for Answered {
    fn drop(&mut self) {
        let Some(Ok(applied)) = &self.answer else {
            return;
        };
        if let taken @ [_, ..] = applied.taken()
            && let Some(journal) = self.journal.upgrade()
        {
            taken.iter().for_each(|held| journal.let_go(*held));
        }
    }
}

/// What was submitted and is not kept yet.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// The thread waits here, for work or for the end of a pause.
    stirred: Condvar,
    ended: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<(Change, Reply)>,
    /// Nothing more is taken.
    closing: bool,
    /// The thread waits for work.
    idle: bool,
    /// The thread is gone.
    ended: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a change. A reply that is dropped says that the journal was closed.
    pub(super) fn push(&self, change: Change, reply: Reply) {
        let is_asked = reply.is_some();
        if !self.add(change, reply) && !is_asked {
            not_kept(&JournalError::Closed);
        }
    }

    /// Lets go of a run, unless all that is held here is about to be.
    pub(super) fn let_go(&self, held: Held) {
        self.add(Change::let_go(held), None);
    }

    /// Adds a change; false when nothing more is taken.
    fn add(&self, change: Change, reply: Reply) -> bool {
        let mut state = self.lock();
        if state.closing {
            return false;
        }
        state.waiting.push_back((change, reply));
        if state.idle {
            state.idle = false;
            self.stirred.notify_one();
        }
        true
    }

    pub(super) fn close(&self) {
        self.lock().closing = true;
        self.stirred.notify_one();
    }

    /// Waits until the thread is gone.
    pub(super) async fn closed(&self) {
        let ended = self.ended.notified();
        tokio::pin!(ended);
        ended.as_mut().enable();
        if !self.lock().ended {
            ended.await;
        }
    }

    /// Takes what is to be kept next; false when nothing more will come.
    fn take(&self, changes: &mut Vec<Change>, replies: &mut Vec<Reply>) -> bool {
        let mut state = self.lock();
        while state.waiting.is_empty() {
            if state.closing {
                return false;
            }
            state.idle = true;
            state = self
                .stirred
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.idle = false;
        state.hand_over(changes, replies);
        true
    }

    /// Takes what came since, after so many were answered; whether there was anything.
    ///
    /// Those who were answered just now are about to submit what comes next: it can be kept with this. Without it, half
    /// of them would wait for the other half, and each change for two transactions.
    fn take_more(
        &self,
        answered: usize,
        changes: &mut Vec<Change>,
        replies: &mut Vec<Reply>,
    ) -> bool {
        let mut state = self.lock();
        if state.waiting.is_empty() && changes.len() < answered {
            drop(state);
            thread::yield_now();
            state = self.lock();
        }
        state.hand_over(changes, replies)
    }

    /// Waits for so long, or until the journal is closed; says whether it is.
    fn pause(&self, pause: Duration) -> bool {
        let until = Instant::now() + pause;
        let mut state = self.lock();
        while !state.closing {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let waited = self.stirred.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.closing
    }
}

impl State {
    /// Hands over what waits, as far as there is room for it; whether there was anything.
    fn hand_over(&mut self, changes: &mut Vec<Change>, replies: &mut Vec<Reply>) -> bool {
        let count = self.waiting.len().min(BATCH - changes.len());
        for (change, reply) in self.waiting.drain(..count) {
            changes.push(change);
            replies.push(reply);
        }
        count > 0
    }
}

/// The thread that writes.
pub(super) struct Writer {
    queue: Arc<Queue>,
    store: Arc<dyn Store>,
    /// Whether the store was full or busy the last time.
    troubled: bool,
}

impl Drop for Writer {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.closing = true;
        state.ended = true;
        // Only where the thread panicked is there something left; it is answered by being dropped.
        let left = std::mem::take(&mut state.waiting);
        drop(state);
        drop(left);
        self.queue.ended.notify_waiters();
    }
}

impl Writer {
    pub(super) fn spawn(store: Arc<dyn Store>) -> io::Result<Arc<Queue>> {
        let queue = Arc::new(Queue::default());
        let writer = Self {
            queue: Arc::clone(&queue),
            store,
            troubled: false,
        };
        let named = thread::Builder::new().name("orch-journal".to_owned());
        named.spawn(move || writer.run())?;
        Ok(queue)
    }

    fn run(mut self) {
        let (mut changes, mut replies) = (Vec::new(), Vec::new());
        let mut answered = 0;
        while self.queue.take(&mut changes, &mut replies) {
            let queue = Arc::clone(&self.queue);
            let mut more = |changes: &mut Vec<_>| queue.take_more(answered, changes, &mut replies);
            let kept = self.keep(&mut changes, &mut more);
            answered = changes.len();
            match kept {
                Ok(answers) => {
                    let kept = replies.drain(..).zip(changes.drain(..));
                    for ((reply, change), answer) in kept.zip(answers) {
                        let answer = answer.map_err(JournalError::Refused);
                        tell(&self.queue, reply, answer, change);
                    }
                }
                Err(error) => {
                    let error = Arc::new(error);
                    for (reply, change) in replies.drain(..).zip(changes.drain(..)) {
                        let answer = Err(JournalError::Store(Arc::clone(&error)));
                        tell(&self.queue, reply, answer, change);
                    }
                }
            }
        }
    }

    /// Keeps changes; tries again for as long as the store is full or busy and the journal is not closed.
    fn keep(
        &mut self,
        changes: &mut Vec<Change>,
        more: &mut dyn FnMut(&mut Vec<Change>) -> bool,
    ) -> Result<Vec<Result<Applied, Refused>>, StoreError> {
        let mut pause = FIRST_PAUSE;
        let mut last = false;
        loop {
            match contained(|| self.store.commit_with(changes, more)) {
                Err(error) if error.is_transient() && !last => {
                    if !std::mem::replace(&mut self.troubled, true) {
                        tracing::warn!(
                            target: "orch",
                            event = error.code(),
                            %error,
                            "what is to be written waits until the store takes it",
                        );
                    }
                    last = self.queue.pause(pause);
                    pause = LONGEST_PAUSE.min(pause * 2);
                }
                kept => {
                    if kept.is_ok() && std::mem::take(&mut self.troubled) {
                        tracing::info!(target: "orch", event = "store_recovered");
                    }
                    return kept;
                }
            }
        }
    }
}

/// Commits changes.
pub(super) fn commit(
    store: &dyn Store,
    changes: &[Change],
) -> Result<Vec<Result<Applied, Refused>>, StoreError> {
    contained(|| store.commit(changes))
}

/// What a store gives; one that panics has failed.
fn contained<T>(commit: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(commit)).unwrap_or_else(|_| {
        Err(StoreError::new(
            StoreErrorKind::Io,
            "the store panicked; whether it kept what it was given is not known",
        ))
    })
}

fn tell(queue: &Arc<Queue>, reply: Reply, answer: Answer, change: Change) {
    match reply {
        Some(reply) => {
            let answered = Answered {
                answer: Some(answer),
                journal: Arc::downgrade(queue),
                _change: change,
            };
            // Somebody who no longer listens needs no answer.
            drop(reply.send(answered));
        }
        None => {
            if let Err(error) = answer {
                not_kept(&error);
            }
        }
    }
}

/// Says that a change was lost whose answer nobody asked for.
pub(super) fn not_kept(error: &JournalError) {
    tracing::warn!(target: "orch", event = "change_not_kept", %error);
}
