//! What `workflow!` implements: the code side of a plan.

use std::any::Any;
use std::error::Error;
use std::fmt::{Debug, Display};
use std::future::Future;
use std::ops::Deref;
use std::pin::{Pin, pin};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use orch_core::error::{AnyError, Cause, ErrorKind, RunError};
use orch_core::plan::{Callee, ScopeSpec, StepSpec, WorkflowSpec};
use orch_core::policy::Retry;

use crate::artifact::Blob;
use crate::ctx::Cx;
use crate::engine::frame::{Frame, Opening};
pub use crate::engine::gather::Items;
use crate::engine::layout::Layout;
use crate::json;
use crate::observe::ProgramMetrics;
use crate::step::{Computed, Facts, Fallible, Once, Resource, Step, StepOutput};

/// A workflow, as `workflow!` implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a workflow",
    label = "not a workflow",
    note = "declare it with `workflow! {{ … }}`"
)]
pub trait Workflow: Send + Sync + 'static {
    /// The inputs: `()`, the one input's type, or a tuple.
    type Input: Send + 'static;
    /// What a run gives.
    type Output: Send + 'static;
    /// The declared error type, or `AnyError`.
    type Error: Display + Debug + Send + Sync + 'static;
    /// Where the values of its nodes live.
    #[doc(hidden)]
    type Slots: Default + Send + Sync + 'static;

    /// The plan.
    #[doc(hidden)]
    const SPEC: WorkflowSpec;

    /// Adds the resources its steps want to `list`.
    #[doc(hidden)]
    fn needs(list: &mut Vec<Resource>);

    /// The plan and its code.
    #[doc(hidden)]
    fn program() -> &'static Program;

    /// Where the plan is.
    #[doc(hidden)]
    #[must_use]
    fn spec() -> &'static WorkflowSpec {
        Self::program().spec
    }

    /// Places the inputs.
    #[doc(hidden)]
    fn open(input: Self::Input) -> Self::Slots;

    /// Takes the result.
    #[doc(hidden)]
    fn finish(cx: &Cx) -> Self::Output;

    /// How its input and its result are kept; `None` of one that is not durable.
    #[doc(hidden)]
    fn codec() -> Option<crate::durable::Codec<Self>>
    where
        Self: Sized,
    {
        None
    }

    /// What callers walk as the source of its error; generated code says it of a declared error type.
    #[doc(hidden)]
    fn source(error: &Self::Error) -> Option<&(dyn Error + 'static)> {
        let undeclared: Option<&AnyError> = (error as &dyn Any).downcast_ref();
        undeclared.map(|error| error.inner() as _)
    }
}

/// A workflow is called by others as a step is.
#[diagnostic::do_not_recommend]
impl<W: Workflow> Step for W
where
    W::Output: StepOutput,
{
    type Output = W::Output;
    type Error = RunError<W::Error>;
    type Kind = Fallible;
    type Reuse = Once;
    type Needs = ();
    const SPEC: StepSpec = StepSpec {
        fallible: true,
        asynchronous: true,
        ..StepSpec::new(W::SPEC.name)
    };
    const CALLEE: Callee = Callee::Workflow(W::spec);
}

/// A workflow's plan and the code of its nodes.
#[derive(Debug)]
pub struct Program {
    /// The plan.
    pub spec: &'static WorkflowSpec,
    /// The code of the workflow's own nodes.
    pub root: ScopeCode,
    layout: OnceLock<Layout>,
    /// The handles of its metrics, where they are those of the global recorder.
    pub(crate) metrics: OnceLock<ProgramMetrics>,
}

impl Program {
    /// A program.
    #[must_use]
    pub const fn new(spec: &'static WorkflowSpec, root: ScopeCode) -> Self {
        Self {
            spec,
            root,
            layout: OnceLock::new(),
            metrics: OnceLock::new(),
        }
    }

    pub(crate) fn layout(&'static self) -> &'static Layout {
        self.layout.get_or_init(|| Layout::new(self))
    }
}

/// The code of a scope's nodes.
#[derive(Debug, Clone, Copy)]
pub struct ScopeCode {
    /// The plan of the scope.
    pub spec: &'static ScopeSpec,
    /// The nodes, in the plan's order.
    pub nodes: &'static [NodeCode],
}

/// The code of a node.
#[derive(Debug, Clone, Copy)]
pub enum NodeCode {
    /// Calls a step or runs a workflow: one attempt.
    Call(fn(Cx) -> Started),
    /// The same in a durable workflow, and what places a value that was recorded.
    Recorded(fn(Cx) -> Started, fn(&Cx, &str) -> Restored),
    /// Waits for a signal, and places what it carried, or nothing once its time is over.
    Signal(fn(&Cx, Option<&str>) -> Restored),
    /// Waits for as long as this says.
    Sleep(fn(&Cx) -> Duration),
    /// Fans out.
    For {
        /// Evaluates the head: how many items there are.
        head: fn(&Cx) -> usize,
        /// Makes room for an item's values.
        open: fn(Opening) -> Arc<Frame>,
        /// Gathers an item's value, or those of all.
        collect: fn(&Cx, &Items<'_>),
        /// Whether an item's one call [gives](crate::glue::Given) its value to the fan-out, so that it is not gathered.
        given: bool,
        /// What tells an item from others, in a durable workflow; the context is the item's.
        key: Option<fn(&Cx) -> ItemKey>,
        /// What is done with an item.
        body: &'static ScopeCode,
    },
    /// Runs one arm.
    Branch {
        /// Evaluates the head: the arm that is taken.
        head: fn(&Cx) -> Option<usize>,
        /// Hands the value of the arm that was taken to the branch; the context is the arm's.
        close: fn(&Cx, usize),
        /// The arms.
        arms: &'static [ArmCode],
    },
}

/// The code of an arm.
#[derive(Debug, Clone, Copy)]
pub struct ArmCode {
    /// Makes room for the arm's values.
    pub open: fn(Opening) -> Arc<Frame>,
    /// What the arm does.
    pub body: ScopeCode,
}

impl NodeCode {
    /// An attempt, of a node that makes any.
    pub(crate) fn call(&self) -> Option<fn(Cx) -> Started> {
        match self {
            Self::Call(call) | Self::Recorded(call, _) => Some(*call),
            _ => None,
        }
    }
}

/// Whether a value that was recorded could be placed.
pub type Restored = Result<(), json::Error>;

/// What tells an item from others: its key, or a digest of it.
pub type ItemKey = Result<String, json::Error>;

/// A boxed attempt.
pub type Attempt = Pin<Box<dyn Future<Output = Result<Done, Thrown>> + Send>>;

/// An attempt that was begun.
pub enum Started {
    /// It is over already.
    Ended(Result<Done, Thrown>),
    /// It goes on.
    Pending(Attempt),
}

impl Debug for Started {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ended(_) => f.write_str("Ended"),
            Self::Pending(_) => f.write_str("Pending"),
        }
    }
}

/// What an attempt gave to the engine.
#[derive(Debug)]
pub enum Done {
    /// The value is in its slot.
    Value,
    /// The value is in its slot, and here is what else is wanted of it.
    Kept(Box<KeptValue>),
    /// A repeated step wants another turn.
    Again,
    /// What was asked for instead of an attempt.
    Facts(Box<Facts>),
}

impl Done {
    /// With a copy for the cache, if there is one.
    #[inline]
    pub(crate) fn sharing(self, shared: Option<Computed>) -> Self {
        if shared.is_none() {
            return self;
        }
        Self::Kept(Box::new(KeptValue {
            shared,
            json: None,
            refers: Vec::new(),
            again: self.wants_more(),
        }))
    }

    /// With the value as JSON.
    pub(crate) fn keeping(self, json: String) -> Self {
        let again = self.wants_more();
        let shared = match self {
            Self::Kept(kept) => kept.shared,
            _ => None,
        };
        Self::Kept(Box::new(KeptValue {
            shared,
            json: Some(json),
            refers: Vec::new(),
            again,
        }))
    }

    /// What the cache is to keep, taken out of it.
    pub(crate) fn copied(mut self) -> (Self, Option<Computed>) {
        let copy = match &mut self {
            Self::Kept(kept) => kept.shared.take(),
            _ => None,
        };
        (self, copy)
    }

    /// The value as it is recorded, and what it refers to.
    pub(crate) fn into_recorded(self) -> (Option<String>, Vec<Blob>) {
        match self {
            Self::Kept(kept) => (kept.json, kept.refers),
            _ => (None, Vec::new()),
        }
    }

    /// Whether a repeated step wants another turn.
    pub(crate) const fn wants_more(&self) -> bool {
        match self {
            Self::Again => true,
            Self::Kept(kept) => kept.again,
            _ => false,
        }
    }
}

/// What is wanted of a value beside its place in a slot.
#[derive(Debug)]
pub struct KeptValue {
    /// A copy for the cache.
    pub(crate) shared: Option<Computed>,
    /// The value as it is recorded.
    pub(crate) json: Option<String>,
    /// What it refers to; as long as that is not kept, the value is not in its slot.
    pub(crate) refers: Vec<Blob>,
    /// Whether a repeated step wants another turn.
    pub(crate) again: bool,
}

/// A step's error on its way to the engine: boxed, as whatever may fail is handed on by value several times.
pub type Thrown = Box<ThrownError>;

/// A step's error, and what may follow from it.
#[derive(Debug)]
pub struct ThrownError {
    pub(crate) kind: ErrorKind,
    pub(crate) cause: Cause,
    pub(crate) retry: Retry,
    pub(crate) falls_back: bool,
}

impl ThrownError {
    /// An error that no other attempt can mend.
    pub(crate) const fn of(cause: Cause) -> Self {
        Self {
            kind: ErrorKind::Failed,
            cause,
            retry: Retry::No,
            falls_back: false,
        }
    }
}

/// Whether a call of `S` may wait, so that it cannot be over at once.
#[must_use]
pub const fn suspends<S: Step>() -> bool {
    S::SPEC.suspends()
}

/// A context as the future of a node holds it: said to be `Send`, so that it is proved here once, and not by the
/// compiler of each node through all that a run is made of.
///
/// A reference to the context itself must not be held across a call, as that one is looked into.
#[inline(always)]
pub fn held(cx: Cx) -> impl Deref<Target = Cx> + Send + Sync + 'static {
    Held(cx)
}

struct Held(Cx);

impl Deref for Held {
    type Target = Cx;

    #[inline(always)]
    fn deref(&self) -> &Cx {
        &self.0
    }
}

/// Begins an attempt, which is over at once if nothing in it can wait: then it needs no allocation.
// Not generic over the step: a type that generated code names here is one that the compiler proves things about again.
// Inlined, as it is constant which of the two it is: the code of a large workflow is to stay in the processor's cache.
#[inline(always)]
pub fn start(
    suspends: bool,
    attempt: impl Future<Output = Result<Done, Thrown>> + Send + 'static,
) -> Started {
    if suspends {
        Started::Pending(Box::pin(attempt))
    } else {
        at_once(attempt)
    }
}

fn at_once(attempt: impl Future<Output = Result<Done, Thrown>>) -> Started {
    let polled = pin!(attempt).poll(&mut Context::from_waker(Waker::noop()));
    match polled {
        Poll::Ready(result) => Started::Ended(result),
        Poll::Pending => Started::Ended(Err(ThrownError::of(Cause::any(
            "a plain function waited",
        ))
        .into())),
    }
}

/// Makes room for a scope's values.
pub fn open<S: Default + Any + Send + Sync>(opening: Opening) -> Arc<Frame> {
    opening.with(S::default)
}
