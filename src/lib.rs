#![doc = include_str!("../README.md")]

mod expansion;
pub mod guide;

pub use orch_core::error::{AnyError, BoxError, ErrorKind, NodeError, Place, RunError};
pub use orch_core::graph::Graph;
pub use orch_core::outcome::Outcome;
pub use orch_core::policy::{self as policies, Retry};
pub use orch_core::run::{Progress, RunEvent, RunEventKind, RunId, RunStatus};
pub use orch_core::{duration, graph, plan, schedule};
pub use orch_macros::{step, workflow};
#[cfg(feature = "durable")]
pub use orch_runtime::artifact::{Artifact, ArtifactError, ArtifactErrorKind};
pub use orch_runtime::ctx::StepCtx;
pub use orch_runtime::observe::Emission;
#[cfg(feature = "durable")]
pub use orch_runtime::orchestrator::{Attempt, AttemptEnd, Checkpoint, InboxItem, RunInfo, Runs};
pub use orch_runtime::orchestrator::{
    BuildError, Builder, Emissions, Events, Orchestrator, ProgressStream, RunHandle, SendSignal,
    Start, StartError, SteerError,
};
pub use orch_runtime::origin::Origin;
pub use orch_runtime::policy;
pub use orch_runtime::program::Workflow;

/// Where durable runs are kept.
#[cfg(feature = "durable")]
pub mod store {
    #![cfg_attr(feature = "sqlite", doc = include_str!("../docs/store.md"))]

    pub use orch_runtime::store::*;
}

/// What generated code and those who steer durable runs name.
#[cfg(feature = "json")]
pub mod durable {
    pub use orch_runtime::durable::{Durable, Signal};
}

#[cfg(feature = "testing")]
pub use orch_runtime::testing;

/// What a program that declares workflows wants in scope: `use orch::prelude::*;`.
pub mod prelude {
    pub use std::ops::ControlFlow;

    pub use orch_runtime::items::ChunkedExt;

    #[cfg(feature = "durable")]
    pub use crate::Artifact;
    pub use crate::{
        AnyError, NodeError, Orchestrator, Origin, Outcome, Retry, RunError, StepCtx, Workflow,
        step, workflow,
    };
}

/// What generated code names. No part of it is stable.
#[doc(hidden)]
pub mod __private {
    pub use std::boxed::Box;
    pub use std::convert::From;
    pub use std::default::Default;
    pub use std::result::Result;
    pub use std::vec::Vec;
    pub use std::{concat, module_path};

    pub use orch_core::error::{AnyError, NodeError, RunError};
    pub use orch_core::graph::Graph;
    pub use orch_core::plan::{ParamSpec, ScopeSpec, StepSpec, WorkflowSpec};
    pub use orch_core::policy::*;
    pub use orch_runtime::ctx::Cx;
    pub use orch_runtime::durable::*;
    pub use orch_runtime::glue::*;
    pub use orch_runtime::items::*;
    pub use orch_runtime::mock::Mock;
    pub use orch_runtime::orchestrator::{RunsAlone, run};
    pub use orch_runtime::program::{
        ArmCode, ItemKey, Items, NodeCode, Program, Restored, ScopeCode, Started, Workflow, held,
        open, start, suspends,
    };
    pub use orch_runtime::slots::*;
    pub use orch_runtime::step::*;
    pub use orch_runtime::{
        __direct as direct, __kept as kept, __mock as mock, __mocked as mocked,
        __testing as testing, __wants_cache as wants_cache, __wants_durable as wants_durable,
        __wants_json as wants_json, __wants_rate_limit as wants_rate_limit,
        __wants_schedule as wants_schedule,
    };

    pub use crate::{__calls as calls, __needs_of as needs_of, __step as step};

    /// The words of plans, apart from the rest, as whoever takes all of them pays for each.
    pub mod plan {
        pub use orch_core::plan::*;
        pub use orch_core::policy::*;
        pub use orch_runtime::glue::{calls, fits, suits};
        pub use orch_runtime::step::{Duration, None, Some, Step};
    }
}
