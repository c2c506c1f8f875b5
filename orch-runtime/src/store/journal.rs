//! The group commit.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use super::{Applied, Change, History, Millis, Refused, RunKey, Store, StoreError};

/// Why a change was not kept.
#[derive(Debug, Clone)]
pub enum JournalError {
    /// The store failed.
    Store(Arc<StoreError>),
    /// The store refused it.
    Refused(Refused),
    /// The journal was closed.
    Closed,
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Refused(refused) => refused.fmt(f),
            Self::Closed => f.write_str("closed"),
        }
    }
}

/// A journal.
#[derive(Debug)]
pub struct Journal(Arc<dyn Store>);

impl Journal {
    /// New.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self(store)
    }

    /// Direct.
    pub fn direct(store: Arc<dyn Store>) -> Self {
        Self(store)
    }

    /// Submit.
    pub fn submit(
        &self,
        change: Change,
    ) -> impl Future<Output = Result<Applied, JournalError>> + Send + 'static {
        let result = match self.0.commit(&[change]) {
            Ok(mut answers) => match answers.pop() {
                Some(answer) => answer.map_err(JournalError::Refused),
                None => Err(JournalError::Closed),
            },
            Err(error) => Err(JournalError::Store(Arc::new(error))),
        };
        async move { result }
    }

    /// Load.
    pub async fn load(&self, run: RunKey) -> Result<Option<History>, StoreError> {
        self.0.load(run)
    }

    /// Next.
    pub async fn next_ready(
        &self,
        workflows: Arc<[(String, Option<u32>)]>,
    ) -> Result<Option<Millis>, StoreError> {
        let names: Vec<&str> = workflows.iter().map(|(name, _)| name.as_str()).collect();
        self.0.next_ready(&names)
    }
}
