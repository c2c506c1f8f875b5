//! Frames: one scope of one run, with its schedule and its values.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use orch_core::error::NodeError;
use orch_core::schedule::{Schedule, Status};

use super::fan::Fan;
use super::layout::ScopeLayout;
use super::run::Run;
use crate::origin::Origin;

/// One scope of one run: its schedule, and the typed slots of its nodes.
pub struct Frame<S: ?Sized = dyn Any + Send + Sync> {
    pub(crate) run: Arc<Run>,
    pub(crate) layout: &'static ScopeLayout,
    pub(crate) parent: Option<Parent>,
    state: Mutex<State>,
    slots: S,
}

/// Where a frame hangs.
#[derive(Debug)]
pub(crate) struct Parent {
    pub(crate) frame: Arc<Frame>,
    /// The node of that frame whose body or arm this is.
    pub(crate) node: usize,
    pub(crate) role: Role,
}

/// What a frame is to its parent.
#[derive(Debug)]
pub(crate) enum Role {
    /// An item of a fan-out.
    Item { fan: Arc<Fan>, idx: usize },
    /// The arm of a branch.
    Arm(usize),
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
    pub(crate) run: Arc<Run>,
    pub(crate) layout: &'static ScopeLayout,
    pub(crate) parent: Option<Parent>,
}

impl Opening {
    pub(crate) fn with<S: Any + Send + Sync>(self, slots: S) -> Arc<Frame> {
        Arc::new(Frame {
            run: self.run,
            state: Mutex::new(State {
                schedule: Schedule::new(&self.layout.wiring),
                errors: Vec::new(),
                origins: Vec::new(),
            }),
            layout: self.layout,
            parent: self.parent,
            slots,
        })
    }
}

impl Frame {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The slots, which the generated code of this scope knows the type of.
    pub(crate) fn slots<S: 'static>(&self) -> Option<&S> {
        self.slots.downcast_ref()
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
            frame = &frame.parent.as_ref()?.frame;
        }
        Some(frame)
    }

    /// Which item of the fan-out it is the frame of.
    pub(crate) fn item(&self) -> Option<usize> {
        match self.parent.as_ref()?.role {
            Role::Item { idx, .. } => Some(idx),
            Role::Arm(_) => None,
        }
    }

    /// Which item of each fan-out around it, outermost first.
    pub(crate) fn items(&self) -> Vec<usize> {
        let mut items = match &self.parent {
            Some(parent) => parent.frame.items(),
            None => Vec::new(),
        };
        items.extend(self.item());
        items
    }

    /// Whether a failure of this node, and of every node around it, is consumed by nobody.
    pub(crate) fn is_fatal(&self, node: usize) -> bool {
        let spec = self.layout.nodes[node].spec;
        if spec.handled {
            return false;
        }
        match &self.parent {
            None => true,
            Some(parent) => {
                let tolerates = matches!(&parent.role, Role::Item { fan, .. } if fan.tolerates());
                !tolerates && parent.frame.is_fatal(parent.node)
            }
        }
    }
}
