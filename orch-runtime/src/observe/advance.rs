//! How far a run is.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::shares::Shares;
use crate::engine::frame::Frame;
use crate::engine::layout::{Layout, NodeLayout};

/// How far a run is.
#[derive(Debug)]
pub(super) struct Advance {
    layout: &'static Layout,
    expected: AtomicU64,
    /// The index of the node that began last, and one more: 0 is that none has.
    current: AtomicUsize,
    done: Mutex<Done>,
}

/// What has ended.
#[derive(Debug, Default)]
struct Done {
    nodes: u64,
    shares: Shares,
}

impl Advance {
    pub(super) fn new(layout: &'static Layout) -> Self {
        Self {
            layout,
            expected: AtomicU64::new(layout.nodes),
            current: AtomicUsize::new(0),
            done: Mutex::default(),
        }
    }

    fn done(&self) -> MutexGuard<'_, Done> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// More nodes than the plan has: those of an item or of an arm.
    pub(super) fn expect_more(&self, nodes: u64) {
        self.expected.fetch_add(nodes, Ordering::AcqRel);
    }

    pub(super) fn began(&self, node: &NodeLayout) {
        self.current.store(node.index + 1, Ordering::Relaxed);
    }

    pub(super) fn ended(&self, frame: &Arc<Frame>, node: usize) {
        let mut done = self.done();
        done.nodes += 1;
        done.shares.ended(frame, node);
    }

    /// How many nodes have ended, how many are expected, and how much of the run is done, from 0 to 1.
    pub(super) fn so_far(&self) -> (u64, u64, f64) {
        let expected = self.expected.load(Ordering::Acquire);
        let done = self.done();
        (done.nodes.min(expected), expected, done.shares.done())
    }

    /// The path of the node that began last.
    pub(super) fn current(&self) -> Option<Arc<str>> {
        let index = self.current.load(Ordering::Relaxed).checked_sub(1)?;
        let node = self.layout.node(index)?;
        Some(Arc::clone(&node.path))
    }
}
