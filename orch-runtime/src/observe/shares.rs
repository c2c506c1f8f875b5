//! How much of a run is done, as a part of the whole, which never falls: no knowledge of what is still to come is in it.
//!
//! The nodes of a scope are equal parts of it.
//! The items of a fan-out are equal parts of its node, and an arm is the whole of its branch.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::frame::{Frame, Role};

/// A node of one frame.
pub(super) type PlaceKey = (usize, usize);

pub(super) fn place_key(frame: &Arc<Frame>, node: usize) -> PlaceKey {
    (Arc::as_ptr(frame).cast::<()>() as usize, node)
}

/// The parts that are done.
#[derive(Debug, Default)]
pub(super) struct Shares {
    done: f64,
    /// What is done inside nodes that have not ended.
    inside: BTreeMap<PlaceKey, f64>,
}

impl Shares {
    /// From 0 to 1.
    pub(super) fn done(&self) -> f64 {
        self.done
    }

    /// A node has ended: what of it was not done before is done now, or will never be.
    pub(super) fn ended(&mut self, frame: &Arc<Frame>, node: usize) {
        // Only what has frames of its own has anything done inside.
        let inside = match &frame.layout.nodes[node].bodies[..] {
            [] => None,
            _ => self.inside.remove(&place_key(frame, node)),
        };
        let rest = of_node(frame) - inside.unwrap_or_default();
        self.done += rest;
        let mut parent = frame.parent();
        while let Some((around, node)) = parent {
            *self.inside.entry(place_key(around, node)).or_default() += rest;
            parent = around.parent();
        }
    }
}

/// How much of the run each node of a frame is.
fn of_node(frame: &Frame) -> f64 {
    let whole = match &frame.role {
        Role::Root(_) => 1.0,
        Role::Item { fan, .. } => of_node(fan.frame()) / fan.total() as f64,
        Role::Arm { frame, .. } => of_node(frame),
    };
    whole / frame.layout.nodes.len() as f64
}
