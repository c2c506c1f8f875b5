//! What durable runs are to have, where the feature `durable` is left out: nothing.

use std::future::{Ready, ready};

use super::BuildError;
use crate::program::Workflow;
use crate::services::Services;
use crate::veil::Veiled;

#[derive(Debug, Default)]
pub(super) struct Durable;

impl Durable {
    /// Nothing: that the feature is left out was said where a workflow is declared that is durable.
    pub(super) fn register<W: Workflow>(&mut self) {}

    pub(super) fn runs_here(&self, _workflow: &str) -> bool {
        true
    }

    pub(super) fn check(&self, _problems: &mut Vec<String>) {}

    pub(super) fn join(self, services: Services) -> Ready<Result<Veiled<Services>, BuildError>> {
        ready(Ok(Veiled::new(services)))
    }
}
