//! Checking a value against the node that would give it, without a run.

use std::sync::Arc;

use super::frame::{Frame, Opening, Role};
use super::layout::ScopeLayout;
use super::run::Run;
use crate::ctx::Cx;
use crate::program::{NodeCode, Restored, Workflow};
use crate::services::RunServices;

/// Whether the node of this path gives such a value: it is placed in a frame that nothing runs in.
pub(crate) fn check_value<W: Workflow>(path: &str, json: &str) -> Restored {
    match Found::of::<W>(path) {
        Some(found) => match found.code() {
            NodeCode::Recorded(_, restore) => restore(&found.cx(), json),
            _ => Ok(()),
        },
        None => Ok(()),
    }
}

/// Whether the node of this path waits for a signal that carries such a value, and how many fan-outs are around it; `None`
/// if it waits for none.
pub(crate) fn check_signal<W: Workflow>(path: &str, json: &str) -> Option<(usize, Restored)> {
    let found = Found::of::<W>(path)?;
    let NodeCode::Signal(place) = found.code() else {
        return None;
    };
    Some((found.fans, place(&found.cx(), Some(json))))
}

/// A node, in a frame that nothing runs in.
struct Found {
    frame: Arc<Frame>,
    node: usize,
    /// How many fan-outs are around it.
    fans: usize,
}

impl Found {
    fn of<W: Workflow>(path: &str) -> Option<Self> {
        let program = W::program();
        let services = RunServices::default();
        let run = Arc::new(Run::new(program, services, None, None, None));
        let open = |opening: Opening| opening.with(W::Slots::default);
        Self::within(&program.layout().root, open, (&run, path), 0)
    }

    fn within(
        layout: &'static ScopeLayout,
        open: fn(Opening) -> Arc<Frame>,
        wanted: (&Arc<Run>, &str),
        fans: usize,
    ) -> Option<Self> {
        for (node, known) in layout.nodes.iter().enumerate() {
            if *wanted.1 == *known.path {
                let frame = open(Opening {
                    layout,
                    role: Role::Root(Arc::clone(wanted.0)),
                    schedule: layout.begun.clone(),
                });
                return Some(Self { frame, node, fans });
            }
            let mut bodies = known.bodies.iter().enumerate();
            let found = bodies.find_map(|(body, inner)| match layout.code.nodes[node] {
                NodeCode::For { open, .. } => Self::within(inner, open, wanted, fans + 1),
                NodeCode::Branch { arms, .. } => Self::within(inner, arms[body].open, wanted, fans),
                _ => None,
            });
            if found.is_some() {
                return found;
            }
        }
        None
    }

    fn code(&self) -> NodeCode {
        self.frame.layout.code.nodes[self.node]
    }

    fn cx(&self) -> Cx {
        Cx::new(&self.frame, self.node)
    }
}
