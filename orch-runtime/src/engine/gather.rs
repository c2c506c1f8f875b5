//! What the items of a fan-out give.
//!
//! An item's value is taken out of its frame as soon as the item has ended, so that the frame's memory serves the next;
//! that of an item that is one call is never in its frame.
//! Only generated code knows the type of the values: it is called with each item, and again with all of them.

use std::any::Any;
use std::cell::Cell;
use std::fmt;

use orch_core::error::NodeError;

use super::fan::Fan;
use crate::ctx::Cx;

/// What generated code gathers: an item's value into its fan-out, or the values of all into the node's slot.
pub struct Items<'a>(Gathering<'a>);

enum Gathering<'a> {
    One {
        fan: &'a Fan,
        idx: usize,
        item: &'a Cx,
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
    pub(crate) fn one(fan: &'a Fan, idx: usize, item: &'a Cx) -> Self {
        Self(Gathering::One { fan, idx, item })
    }

    /// All items, once they have ended.
    pub(crate) fn all(values: Values) -> Self {
        Self(Gathering::All(Cell::new(Some(values))))
    }

    /// Gathers the one item's value; gives the values if all items have ended.
    pub(crate) fn gather<T: Send + 'static>(&self, value: impl Fn(&Cx) -> T) -> Option<Values> {
        match &self.0 {
            Gathering::One { fan, idx, item } => {
                fan.keep(*idx, value(item));
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
        self.errors.sort_unstable_by_key(|(idx, _)| *idx);
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
        let values = self.values().into_iter();
        let mut results: Vec<_> = values.map(|value| value.map(Ok)).collect();
        results.resize_with(self.total, || None);
        // What was kept of an item that failed is not its value.
        for (idx, error) in self.errors {
            results[idx] = Some(Err(error));
        }
        results.into_iter().flatten().collect()
    }
}
