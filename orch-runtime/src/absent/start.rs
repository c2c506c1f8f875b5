//! Starting durable runs, where the feature `durable` is left out: there is no store.

use std::future::{Ready, ready};

use super::{Start, StartError};
use crate::orchestrator::handle::RunHandle;
use crate::program::Workflow;

impl<W: Workflow> Start<W> {
    pub(super) fn is_driven_elsewhere(&self) -> bool {
        false
    }

    pub(super) fn keep(self) -> Ready<Result<RunHandle<W>, StartError>> {
        let workflow = W::SPEC.name;
        ready(Err(StartError::NoStore { workflow }))
    }
}
