//! What the items of a fan-out give.
//!
//! An item's value is taken out of its frame as soon as the item has ended, so that the frame's memory serves the next.
//! Only generated code knows the type of the values: it is called with each item, and again with all of them.

use std::any::Any;
use std::cell::Cell;
use std::fmt;

use orch_core::error::NodeError;

use super::fan::{After, Fan};
use crate::ctx::Cx;

/// What generated code gathers: an item's value into its fan-out, or the values of all into the node's slot.
pub struct Items<'a>(Gathering<'a>);

enum Gathering<'a> {
    One {
        fan: &'a Fan,
        idx: usize,
        item: &'a Cx,
        /// Whether the run's stop lets no further item start.
        stopping: bool,
        /// Whether whoever gathers it holds the fan-out's job.
        holds_job: bool,
        after: Cell<Option<After>>,
    },
    All(Cell<Option<Values>>),
}

impl fmt::Debug for Items<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").finish_non_exhaustive()
    }
}

impl<'a> Items<'a> {
    /// An item that has ended well, in whose scope its value is.
    pub(crate) fn one(
        fan: &'a Fan,
        idx: usize,
        item: &'a Cx,
        stopping: bool,
        holds_job: bool,
    ) -> Self {
        Self(Gathering::One {
            fan,
            idx,
            item,
            stopping,
            holds_job,
            after: Cell::new(None),
        })
    }

    /// All items, once they have ended.
    pub(crate) fn all(values: Values) -> Self {
        Self(Gathering::All(Cell::new(Some(values))))
    }

    /// What follows from the end of the one item, if its value was gathered.
    pub(crate) fn after(&self) -> Option<After> {
        match &self.0 {
            Gathering::One { after, .. } => after.take(),
            Gathering::All(_) => None,
        }
    }

    /// Gathers the one item's value; gives the values if all items have ended.
    pub(crate) fn gather<T: Send + 'static>(&self, value: impl Fn(&Cx) -> T) -> Option<Values> {
        match &self.0 {
            Gathering::One {
                fan,
                idx,
                item,
                stopping,
                holds_job,
                after,
            } => {
                let value = value(item);
                after.set(Some(fan.done(*idx, value, *stopping, *holds_job)));
                None
            }
            Gathering::All(values) => values.take(),
        }
    }
}

/// The values of a fan-out's items, and the errors of those that were tolerated.
#[derive(Debug, Default)]
pub(crate) struct Values {
    total: usize,
    /// A `Vec<Option<T>>`, there from the first value on.
    kept: Option<Box<dyn Any + Send>>,
    errors: Vec<(usize, NodeError)>,
}

impl Values {
    pub(crate) fn of(total: usize) -> Self {
        Self {
            total,
            ..Self::default()
        }
    }

    pub(crate) fn keep<T: Send + 'static>(&mut self, idx: usize, value: T) {
        let total = self.total;
        let kept = self.kept.get_or_insert_with(|| {
            let mut values = Vec::<Option<T>>::new();
            values.resize_with(total, || None);
            Box::new(values)
        });
        if let Some(values) = kept.downcast_mut::<Vec<Option<T>>>() {
            values[idx] = Some(value);
        }
    }

    pub(crate) fn keep_error(&mut self, idx: usize, error: NodeError) {
        self.errors.push((idx, error));
    }

    /// The errors, in the order of their items.
    pub(crate) fn errors(mut self) -> Vec<NodeError> {
        self.errors.sort_by_key(|(idx, _)| *idx);
        self.errors.into_iter().map(|(_, error)| error).collect()
    }

    fn values<T: 'static>(&mut self) -> Vec<Option<T>> {
        let kept = self.kept.take().and_then(|kept| kept.downcast().ok());
        kept.map_or_else(Vec::new, |kept: Box<Vec<Option<T>>>| *kept)
    }

    /// The values of all items, none of which failed.
    pub(crate) fn whole<T: 'static>(mut self) -> Vec<T> {
        self.values().into_iter().flatten().collect()
    }

    /// What each item gave or failed with.
    pub(crate) fn results<T: 'static>(mut self) -> Vec<Result<T, NodeError>> {
        let mut values = self.values();
        values.resize_with(self.total, || None);
        let mut errors = self.errors().into_iter();
        let results = values.into_iter().map(|value| match value {
            Some(value) => Some(Ok(value)),
            None => errors.next().map(Err),
        });
        results.flatten().collect()
    }
}
