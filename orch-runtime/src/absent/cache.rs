//! Stores of results, where the feature `durable` is left out: there is none.

use std::future::Ready;
use std::time::Duration;

use super::{Cached, ToBeKept};

/// A store of results, of which there is none.
#[derive(Debug, Clone)]
pub(crate) enum Behind {}

impl Behind {
    pub(super) fn fresh(&self, _key: &str, _ttl: Option<Duration>) -> Ready<Option<Cached>> {
        match *self {}
    }

    pub(super) fn last_good(&self, _key: &str, _max_age: Duration) -> Ready<Option<Cached>> {
        match *self {}
    }

    pub(super) fn keep(
        &self,
        _key: &str,
        _kept: ToBeKept<'_>,
        _holds: impl FnOnce() -> bool,
    ) -> Ready<()> {
        match *self {}
    }

    pub(super) fn forget(&self, _key: &str) -> Ready<bool> {
        match *self {}
    }

    pub(super) fn forget_all(&self, _tag: Option<&str>) -> Ready<usize> {
        match *self {}
    }
}
