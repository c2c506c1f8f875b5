//! What is kept of breakers, where the feature `durable` is left out: nothing.

use std::sync::Arc;
use std::time::Duration;

/// Keeps the states of breakers; nobody does.
#[derive(Debug)]
pub(crate) enum Keeping {}

impl Keeping {
    pub(super) fn left(&self, _key: &str, _recovery: Duration) -> Option<Duration> {
        match *self {}
    }

    pub(super) fn opened(&self, _key: &str, _recovery: Duration) {
        match *self {}
    }

    pub(super) fn closed(&self, _key: &str) {
        match *self {}
    }
}

#[derive(Debug)]
pub(super) struct Kept {
    pub(super) key: String,
    pub(super) keeping: Arc<Keeping>,
}
