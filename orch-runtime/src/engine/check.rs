//! Checking a value against the node that would give it, without a run.

use std::sync::Arc;

use super::frame::{Frame, Opening, Role};
use super::layout::ScopeLayout;
use super::run::Run;
use crate::ctx::Cx;
use crate::program::{NodeCode, Restored, Workflow};
use crate::services::Services;
use crate::veil::Veiled;

/// Whether the node of this path gives such a value: it is placed in a frame that nothing runs in.
pub(crate) fn check_value<W: Workflow>(path: &str, json: &str) -> Restored {
    let program = W::program();
    let services = Veiled::new(Services::default());
    let run = Arc::new(Run::new(program, services, None, None, None));
    let open = |opening: Opening| opening.with(W::Slots::default());
    check(&program.layout().root, open, &run, path, json).unwrap_or(Ok(()))
}

fn check(
    layout: &'static ScopeLayout,
    open: fn(Opening) -> Arc<Frame>,
    run: &Arc<Run>,
    path: &str,
    json: &str,
) -> Option<Restored> {
    for (idx, node) in layout.nodes.iter().enumerate() {
        let code = layout.code.nodes[idx];
        if *path != *node.path {
            let mut bodies = node.bodies.iter().enumerate();
            let found = bodies.find_map(|(body, inner)| match code {
                NodeCode::For { open, .. } => check(inner, open, run, path, json),
                NodeCode::Branch { arms, .. } => check(inner, arms[body].open, run, path, json),
                _ => None,
            });
            if found.is_some() {
                return found;
            }
            continue;
        }
        let NodeCode::Recorded(_, restore) = code else {
            return Some(Ok(()));
        };
        let frame = open(Opening {
            layout,
            role: Role::Root(Arc::clone(run)),
            schedule: layout.begun.clone(),
        });
        return Some(restore(&Cx::new(&frame, idx), json));
    }
    None
}
