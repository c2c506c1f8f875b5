//! The journal: the changes of many runs, kept in one transaction.
//!
//! Keeping something for good takes as long for a thousand changes as for one.
//! So one thread writes: it takes all that was submitted while it kept what came before, and keeps that at once.
//! Changes are kept in the order in which they were submitted.

mod queue;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use orch_core::run::RunId;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use self::queue::{Answered, Queue, Writer};
use super::{
    Applied, Change, Filter, Held, History, Json, Millis, Refused, RunKey, RunRecord, SignalRecord,
    Store, StoreError, StoreErrorKind,
};
use crate::observe::tracing;

/// Why a change was not kept.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum JournalError {
    /// The store failed, for this change and for all that were to be kept with it.
    Store(Arc<StoreError>),
    /// The store will not apply it.
    Refused(Refused),
    /// The journal was closed, as its orchestrator was shut down.
    Closed,
}

impl JournalError {
    /// A code that does not change between versions.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::Refused(refused) => refused.code(),
            Self::Closed => "journal_closed",
        }
    }
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Refused(refused) => refused.fmt(f),
            Self::Closed => {
                f.write_str("nothing is kept any more, as the orchestrator was shut down")
            }
        }
    }
}

impl Error for JournalError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Store(error) => error.source(),
            Self::Refused(_) | Self::Closed => None,
        }
    }
}

/// What becomes of a change.
pub(super) type Answer = Result<Applied, JournalError>;

/// Where changes are submitted, and the store is asked without blocking.
///
/// While the store is [full or busy](StoreError::is_transient), what was submitted waits, in its order; a warning of
/// the target `orch` says so once, and another record says when it is over.
/// Any other failure is answered to everybody whose change was to be kept with the one that failed.
///
/// Dropping it lets what was submitted be kept, without waiting for that.
pub struct Journal {
    store: Arc<dyn Store>,
    /// None where changes are kept on the thread that submits them.
    queue: Option<Arc<Queue>>,
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        if let Some(queue) = &self.queue {
            queue.close();
        }
    }
}

impl Journal {
    /// A journal with a thread that writes, which sleeps while nothing is submitted.
    ///
    /// Where there is no thread to be had, changes are kept on the threads that submit them.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        let queue = Writer::spawn(Arc::clone(&store));
        let queue = queue.inspect_err(
            |error| tracing::warn!(target: "orch", event = "no_journal_thread", %error),
        );
        Self {
            store,
            queue: queue.ok(),
        }
    }

    /// A journal that keeps each change on the thread that submits it, before `submit` returns, and asks the store
    /// there.
    ///
    /// For stores that never take long, and for paused clocks, which would run on while another thread works.
    /// Nothing is tried again.
    #[must_use]
    pub fn direct(store: Arc<dyn Store>) -> Self {
        Self { store, queue: None }
    }

    /// Submits a change; the future says what became of it.
    ///
    /// It is submitted when this returns, whether the future is polled or not; where that is dropped, runs that are held
    /// since are let go of.
    pub fn submit(
        &self,
        change: Change,
    ) -> impl Future<Output = Result<Applied, JournalError>> + Send + 'static + use<> {
        let answer = match &self.queue {
            Some(queue) => {
                let (reply, answer) = oneshot::channel();
                queue.push(change, Some(reply));
                Ok(answer)
            }
            None => Err(self.keep(&change)),
        };
        async move {
            match answer {
                Ok(answer) => answer
                    .await
                    .map_or(Err(JournalError::Closed), Answered::heard),
                Err(answer) => answer,
            }
        }
    }

    /// Lets go of a run, which is ready at once: nothing of it goes on here.
    pub(crate) fn let_go(&self, held: Held) {
        match &self.queue {
            Some(queue) => queue.let_go(held),
            // Refused, it is held here no longer.
            None => drop(self.keep(&Change::let_go(held))),
        }
    }

    /// Submits a change whose answer nobody needs; one that fails is logged.
    pub fn submit_and_forget(&self, change: Change) {
        match &self.queue {
            Some(queue) => queue.push(change, None),
            None => {
                if let Err(error) = self.keep(&change) {
                    queue::not_kept(&error);
                }
            }
        }
    }

    fn keep(&self, change: &Change) -> Answer {
        let mut answers = queue::commit(&*self.store, std::slice::from_ref(change))
            .map_err(|error| JournalError::Store(Arc::new(error)))?;
        match answers.pop() {
            Some(answer) => answer.map_err(JournalError::Refused),
            None => Err(JournalError::Closed),
        }
    }

    /// Takes no more changes, and waits until those that were submitted are kept.
    ///
    /// Those that cannot be kept because the store is full or busy are tried once more and then given up.
    pub async fn close(&self) {
        if let Some(queue) = &self.queue {
            queue.close();
            queue.closed().await;
        }
    }

    /// Asks the store something, on a thread that may block.
    ///
    /// # Errors
    /// What `question` fails with, or that the runtime ended meanwhile.
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let runtime = match (&self.queue, Handle::try_current()) {
            (Some(_), Ok(runtime)) => runtime,
            _ => return question(&*self.store),
        };
        let store = Arc::clone(&self.store);
        let asked = runtime.spawn_blocking(move || question(&*store));
        asked.await.unwrap_or_else(|error| {
            let what = "the runtime ended, or a store panicked, while the store was asked";
            Err(StoreError::new(StoreErrorKind::Io, what).because(error))
        })
    }

    /// [`Store::find`].
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn find(&self, id: RunId) -> Result<Option<RunRecord>, StoreError> {
        self.ask(move |store| store.find(&id)).await
    }

    /// [`Store::load`].
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn load(&self, run: RunKey) -> Result<Option<History>, StoreError> {
        self.ask(move |store| store.load(run)).await
    }

    /// [`Store::signals`].
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn signals(&self, run: RunKey, after: i64) -> Result<Vec<SignalRecord>, StoreError> {
        self.ask(move |store| store.signals(run, after)).await
    }

    /// [`Store::list`].
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn list(&self, filter: Filter) -> Result<Vec<RunRecord>, StoreError> {
        self.ask(move |store| store.list(&filter)).await
    }

    /// [`Store::next_ready`].
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn next_ready(
        &self,
        workflows: Arc<[(String, Option<u32>)]>,
    ) -> Result<Option<Millis>, StoreError> {
        self.ask(move |store| store.next_ready(&workflows)).await
    }

    /// [`Store::get`].
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn get(
        &self,
        space: &'static str,
        key: String,
        now: Millis,
    ) -> Result<Option<Json>, StoreError> {
        self.ask(move |store| store.get(space, &key, now)).await
    }

    /// [`Store::scan`].
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn scan(
        &self,
        space: &'static str,
        now: Millis,
    ) -> Result<Vec<(String, Json)>, StoreError> {
        self.ask(move |store| store.scan(space, now)).await
    }

    /// [`Store::artifact`].
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn artifact(&self, digest: String) -> Result<Option<Vec<u8>>, StoreError> {
        self.ask(move |store| store.artifact(&digest)).await
    }
}
