//! What stands in for the records of durable runs where the feature `durable` is left out.
//!
//! No run has a record then: [`Record`](record::Record) has no values, so that nothing which is given one is ever called.

pub(crate) mod record {
    use std::future::{Future, Ready};

    use orch_core::plan::WorkflowSpec;
    use orch_core::run::RunStatus;

    use crate::artifact::Home;
    use crate::durable::Millis;
    use crate::engine::frame::Frame;
    use crate::engine::mailbox::Mailbox;

    /// What is recorded of a durable run, of which there is none.
    #[derive(Debug)]
    pub(crate) enum Record {}

    impl Record {
        pub(crate) fn instance(&self, _frame: &Frame, _node: usize) -> String {
            match *self {}
        }

        pub(crate) fn mailbox(&self) -> &Mailbox {
            match *self {}
        }

        pub(crate) fn home(&self) -> Home {
            match *self {}
        }

        pub(crate) fn value_limit(&self) -> usize {
            match *self {}
        }

        pub(crate) fn is_abandoned(&self) -> bool {
            match *self {}
        }

        pub(crate) fn is_retracing(&self) -> bool {
            match *self {}
        }

        pub(crate) fn has_inside(&self, _instance: &str) -> bool {
            match *self {}
        }

        pub(crate) fn times_undone(&self, _instance: &str) -> u32 {
            match *self {}
        }

        pub(crate) fn next_seq(&self) -> i64 {
            match *self {}
        }

        pub(crate) fn abandon(&self) {
            match *self {}
        }

        pub(crate) fn undoing_begins(&self) {
            match *self {}
        }

        pub(crate) fn work(&self) {
            match *self {}
        }

        pub(crate) fn rest(&self) {
            match *self {}
        }

        pub(crate) fn fly(&self) {
            match *self {}
        }

        pub(crate) fn land(&self) {
            match *self {}
        }

        pub(crate) fn drop_flight(&self) {
            match *self {}
        }

        pub(crate) fn gone_over(&self) -> Ready<()> {
            match *self {}
        }

        pub(crate) fn wait(&self, _until: Option<Millis>) -> Self {
            match *self {}
        }

        pub(crate) fn child_begins(&self, _around: &Self, _spec: &WorkflowSpec) {
            match *self {}
        }

        pub(crate) fn child_ended(&self, _status: RunStatus) {
            match *self {}
        }
    }
}

pub(crate) mod journaled {
    use std::future::Ready;
    use std::pin::Pin;
    use std::sync::Arc;
    use std::time::Duration;

    use orch_core::error::NodeError;
    use orch_core::run::RunId;

    use super::record::Record;
    use crate::ctx::Cx;
    use crate::engine::call::{Call, Failed};
    use crate::engine::frame::Frame;
    use crate::engine::strand::Called;
    use crate::engine::undo::Undo;
    use crate::observe::Queued;
    use crate::program::{Done, Workflow};
    use crate::veil::Veiled;

    pub(crate) enum Journaled {
        Over(Called),
        Pending(Pin<Box<dyn Future<Output = Called> + Send>>),
    }

    pub(crate) fn begin(
        record: &Record,
        _frame: &Arc<Frame>,
        _node: usize,
        _queued: Option<Box<Queued>>,
    ) -> Journaled {
        match *record {}
    }

    #[expect(
        clippy::extra_unused_type_parameters,
        reason = "as where there are durable runs"
    )]
    pub(crate) fn child<W: Workflow>(_cx: &Cx, _id: &RunId) -> Option<Veiled<Record>> {
        None
    }

    pub(crate) fn agrees(
        record: &Record,
        _frame: &Arc<Frame>,
        _node: usize,
        _taken: String,
    ) -> bool {
        match *record {}
    }

    pub(crate) fn sleep(
        record: &Record,
        _frame: &Arc<Frame>,
        _node: usize,
        _length: Duration,
    ) -> Ready<()> {
        match *record {}
    }

    pub(crate) fn signal(
        record: &Record,
        _frame: &Arc<Frame>,
        _node: usize,
        _name: String,
        _timeout: Option<Duration>,
    ) -> Ready<Called> {
        match *record {}
    }

    pub(crate) fn undoing_is_decided(
        record: &Record,
        _has_succeeded: impl FnOnce() -> bool,
    ) -> Ready<()> {
        match *record {}
    }

    pub(crate) fn undo(record: &Record, _undo: &Undo) -> Ready<Result<(), NodeError>> {
        match *record {}
    }

    impl Call<'_> {
        pub(in crate::engine) fn repeat_recorded(
            &self,
            record: &Record,
            _max: u32,
            _every: Option<Duration>,
        ) -> Ready<Result<Done, Failed>> {
            match *record {}
        }
    }
}

/// Attempts are counted within their process alone.
pub(crate) mod attempts {
    use std::future::{Ready, ready};
    use std::pin::Pin;
    use std::sync::Arc;
    use std::time::Duration;

    use orch_core::error::NodeError;

    use crate::engine::call::{FellBack, Next};
    use crate::engine::frame::Frame;
    use crate::engine::layout::Tier;

    pub(in crate::engine) fn first_tier(_frame: &Frame, _node: usize, _turn: u32) -> usize {
        0
    }

    pub(in crate::engine) fn next(_frame: &Frame, _node: usize, _tier: usize, _turn: u32) -> Next {
        Next::FIRST
    }

    pub(in crate::engine) fn begin(
        _frame: &Arc<Frame>,
        _node: usize,
        _tier: usize,
        _next: &Next,
    ) -> Ready<()> {
        ready(())
    }

    pub(in crate::engine) fn fall_back(
        _frame: &Arc<Frame>,
        _node: usize,
        _tier: usize,
        _failed: &FellBack,
    ) -> Ready<()> {
        ready(())
    }

    /// What of a call's attempts is put on record, of which there is nothing.
    pub(in crate::engine) struct Trail<'a>(&'a Never);

    enum Never {}

    impl<'a> Trail<'a> {
        pub(in crate::engine) fn of(
            _frame: &'a Arc<Frame>,
            _node: usize,
            _tier: (usize, &Tier),
            _next: &Next,
        ) -> Option<Box<Self>> {
            None
        }

        pub(in crate::engine) fn wait_for(&self, _next: &Next) -> Ready<()> {
            match *self.0 {}
        }

        pub(in crate::engine) fn wait(
            &self,
            _attempt: u32,
            _wait: Duration,
            _failed: &NodeError,
        ) -> Ready<()> {
            match *self.0 {}
        }

        pub(in crate::engine) fn noted<T>(
            &self,
            _attempt: u32,
            _attempted: Pin<&mut impl Future<Output = T>>,
        ) -> Ready<T> {
            match *self.0 {}
        }
    }
}
