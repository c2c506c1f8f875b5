//! Frames: one scope of one run, with its schedule and its values.

use std::any::Any;
use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use orch_core::error::NodeError;
use orch_core::schedule::{Schedule, Status};

use super::fan::Fan;
use super::layout::ScopeLayout;
use super::run::Run;
use crate::observe::Starts;
use crate::origin::Origin;

/// The typed slots of a scope's nodes.
pub trait Slots: Any + Send + Sync {
    /// Empties them.
    fn renew(&mut self);
}

impl<S: Default + Any + Send + Sync> Slots for S {
    fn renew(&mut self) {
        *self = S::default();
    }
}

/// One scope of one run: its schedule, and the typed slots of its nodes.
pub struct Frame<S: ?Sized = dyn Slots> {
    pub(crate) layout: &'static ScopeLayout,
    pub(crate) role: Role,
    state: Mutex<State>,
    /// Whether each of its nodes has given its value, so that nobody locks the state to find it so.
    pub(crate) all_done: AtomicBool,
    pub(crate) starts: Starts,
    slots: S,
}

/// What a frame is in its run.
#[derive(Debug)]
pub(crate) enum Role {
    /// The workflow's own nodes.
    Root(Arc<Run>),
    /// An item of a fan-out.
    Item { fan: Arc<Fan>, idx: usize },
    /// The arm of a branch: of this node in that frame.
    Arm {
        frame: Arc<Frame>,
        node: usize,
        arm: usize,
    },
}

impl Role {
    pub(crate) fn run(&self) -> &Arc<Run> {
        match self {
            Self::Root(run) => run,
            Self::Item { fan, .. } => fan.run(),
            Self::Arm { frame, .. } => frame.run(),
        }
    }

    /// The frame around the one of this role, and the node of that whose body or arm it is.
    pub(crate) fn parent(&self) -> Option<(&Arc<Frame>, usize)> {
        match self {
            Self::Root(_) => None,
            Self::Item { fan, .. } => Some((fan.frame(), fan.node)),
            Self::Arm { frame, node, .. } => Some((frame, *node)),
        }
    }
}

/// What changes while a scope runs.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) schedule: Schedule,
    /// What nodes failed with.
    pub(crate) errors: Vec<(usize, NodeError)>,
    /// Where values came from, if not from an attempt of this run's first tier.
    pub(crate) origins: Vec<(usize, Origin)>,
}

impl<S: ?Sized> fmt::Debug for Frame<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// A frame that lacks only its slots.
#[derive(Debug)]
pub struct Opening {
    pub(crate) layout: &'static ScopeLayout,
    pub(crate) role: Role,
    pub(crate) schedule: Schedule,
}

impl Opening {
    /// The frame, with its slots made in place: those of a large workflow take a while to be moved.
    pub(crate) fn with<S: Slots>(self, slots: impl FnOnce() -> S) -> Arc<Frame> {
        Arc::new(Frame {
            layout: self.layout,
            role: self.role,
            state: Mutex::new(State {
                schedule: self.schedule,
                errors: Vec::new(),
                origins: Vec::new(),
            }),
            all_done: AtomicBool::new(false),
            starts: Starts::default(),
            slots: slots(),
        })
    }
}

impl Frame {
    /// The run it belongs to.
    pub(crate) fn run(&self) -> &Arc<Run> {
        self.role.run()
    }

    /// The frame around it, and the node of that whose body or arm it is.
    pub(crate) fn parent(&self) -> Option<(&Arc<Self>, usize)> {
        self.role.parent()
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The slots, which the generated code of this scope knows the type of.
    pub(crate) fn slots<S: 'static>(&self) -> Option<&S> {
        let slots: &dyn Any = &self.slots;
        slots.downcast_ref()
    }

    /// Makes the frame of an item that has ended the one of the next; `false` if somebody still looks at it.
    pub(crate) fn renew(self: &mut Arc<Self>, next: usize) -> bool {
        let Some(frame) = Arc::get_mut(self) else {
            return false;
        };
        if let Role::Item { idx, .. } = &mut frame.role {
            *idx = next;
        }
        let state = frame.state.get_mut();
        let state = state.unwrap_or_else(PoisonError::into_inner);
        // The schedule of a single call hears nothing.
        if state.schedule.is_finished() {
            state.schedule.clone_from(&frame.layout.begun);
        }
        state.errors.clear();
        state.origins.clear();
        *frame.all_done.get_mut() = false;
        frame.slots.renew();
        true
    }

    pub(crate) fn status(&self, node: usize) -> Status {
        self.state().schedule.status(node)
    }

    pub(crate) fn error(&self, node: usize) -> Option<NodeError> {
        let state = self.state();
        let found = state.errors.iter().find(|(failed, _)| *failed == node);
        found.map(|(_, error)| error.clone())
    }

    /// The frame so many scopes further out.
    pub(crate) fn up(self: &Arc<Self>, levels: usize) -> Option<&Arc<Self>> {
        let mut frame = self;
        for _ in 0..levels {
            frame = frame.parent()?.0;
        }
        Some(frame)
    }

    /// Which item of the fan-out it is the frame of.
    pub(crate) fn item(&self) -> Option<usize> {
        match self.role {
            Role::Item { idx, .. } => Some(idx),
            Role::Root(_) | Role::Arm { .. } => None,
        }
    }

    /// Which item of each fan-out around it, outermost first.
    pub(crate) fn items(&self) -> Vec<usize> {
        let mut items = match self.parent() {
            Some((frame, _)) => frame.items(),
            None => Vec::new(),
        };
        items.extend(self.item());
        items
    }

    /// A node's path with the items around it: `parcels/pack/3`.
    pub(crate) fn instance(&self, node: usize) -> String {
        use std::fmt::Write as _;
        let mut text = self.layout.nodes[node].path.to_string();
        for item in self.items() {
            // Writing into a `String` cannot fail.
            let _ = write!(text, "/{item}");
        }
        text
    }

    /// Whether this node, or the one around it, begins only when all is done and undone.
    pub(crate) fn is_finally(&self, node: usize) -> bool {
        match self.parent() {
            Some((around, node)) => around.is_finally(node),
            None => self.layout.nodes[node].spec.finally,
        }
    }

    /// Whether a failure of this node, and of every node around it, is consumed by nobody.
    pub(crate) fn is_fatal(&self, node: usize) -> bool {
        let spec = self.layout.nodes[node].spec;
        if spec.handled {
            return false;
        }
        let tolerates = matches!(&self.role, Role::Item { fan, .. } if fan.tolerates());
        match self.parent() {
            None => true,
            Some((frame, node)) => !tolerates && frame.is_fatal(node),
        }
    }
}
