//! What stands in for metrics where the feature `metrics` is left out: handles of which there never are any.

use std::ops::Deref;
use std::time::Duration;

use orch_core::error::ErrorKind;
use orch_core::run::RunStatus;
use orch_core::schedule::Status;

use crate::engine::layout::NodeLayout;
use crate::program::Program;

pub(super) const fn is_recorded() -> bool {
    false
}

#[derive(Debug, Default)]
pub(crate) struct Registry;

impl Registry {
    pub(super) fn of(&self, program: &'static Program) -> Option<Handles> {
        program.metrics.get().map(Handles)
    }
}

/// The handles of one workflow.
#[derive(Debug, Clone)]
pub(crate) struct Handles(&'static ProgramMetrics);

impl Deref for Handles {
    type Target = ProgramMetrics;

    fn deref(&self) -> &ProgramMetrics {
        self.0
    }
}

#[derive(Debug)]
pub(crate) enum ProgramMetrics {}

impl ProgramMetrics {
    pub(super) fn run_started(&self) {
        match *self {}
    }

    pub(super) fn run_ended(&self, _: RunStatus, _: Duration) {
        match *self {}
    }

    pub(super) fn failed(&self, _: ErrorKind) {
        match *self {}
    }

    pub(super) fn queued(&self) -> QueueDepth {
        match *self {}
    }

    pub(super) fn node_started(&self, _: &NodeLayout, _: Duration) {
        match *self {}
    }

    pub(super) fn node_ended(&self, _: &NodeLayout, _: Status, _: Option<Duration>) {
        match *self {}
    }

    pub(super) fn attempted(&self, _: &NodeLayout, _: usize) {
        match *self {}
    }

    pub(super) fn retried(&self, _: &NodeLayout, _: usize) {
        match *self {}
    }

    pub(super) fn fell_back(&self, _: &NodeLayout, _: usize) {
        match *self {}
    }

    pub(super) fn degraded(&self, _: &NodeLayout, _: usize) {
        match *self {}
    }

    pub(super) fn cache_read(&self, _: &NodeLayout, _: usize, _: bool) {
        match *self {}
    }

    pub(super) fn rate_limited(&self, _: &NodeLayout, _: usize, _: Duration) {
        match *self {}
    }
}

#[derive(Debug)]
pub(super) struct QueueDepth;
