//! What stands in for durable runs where the feature `durable` is left out.
//!
//! There is never a [`Durability`], nor anybody who waits for a run that is kept: these types have no values.

use std::future::Ready;
use std::sync::Arc;

use orch_core::error::RunError;
use orch_core::run::RunId;
use tokio::task::AbortHandle;

use crate::artifact::Home;
use crate::engine::run::Run;
use crate::observe::Outlets;
use crate::program::Workflow;
use crate::services::Services;
use crate::veil::Veiled;

/// The durable runs of an orchestrator, which has none.
#[derive(Debug)]
pub(crate) enum Durability {}

impl Durability {
    pub(crate) fn supervise(&self, _services: &Veiled<Services>) -> Vec<AbortHandle> {
        match *self {}
    }
}

/// Somebody who waits for such a run.
#[derive(Debug)]
pub(crate) enum Waiter {}

impl Waiter {
    pub(crate) fn kept(&self) -> Option<Arc<Kept>> {
        match *self {}
    }

    pub(crate) fn wait(&self) -> Ready<Arc<Kept>> {
        match *self {}
    }

    pub(crate) fn home(&self) -> Home {
        match *self {}
    }

    pub(crate) fn live(&self) -> Option<Arc<Run>> {
        match *self {}
    }

    pub(crate) fn outlets(&self) -> &Arc<Outlets> {
        match *self {}
    }
}

/// How such a run ended.
pub(crate) enum Kept {}

impl Kept {
    pub(crate) fn result<W: Workflow>(
        &self,
        _id: &RunId,
        _home: Home,
    ) -> Result<W::Output, RunError<W::Error>> {
        match *self {}
    }
}

pub(crate) mod steer {
    use std::future::Ready;
    use std::sync::Arc;

    use orch_core::run::RunId;

    use super::Durability;

    /// What comes of asking.
    pub(crate) enum Asked {}

    pub(crate) const CANCEL: &str = "";

    pub(crate) fn ask(
        durability: &Arc<Durability>,
        _run: RunId,
        _what: &str,
        _value: &str,
    ) -> Ready<Asked> {
        match **durability {}
    }

    pub(crate) fn asked(durability: &Arc<Durability>, _answer: Asked) {
        match **durability {}
    }
}
