//! Values that the compiler need not look into.
//!
//! The future of each step and of each node has to be `Send`, and of each the compiler proves it field by field, through
//! all that a run holds.
//! Of what lies behind a trait object it asks no more than what the trait says.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Weak};

trait Veil<T>: Send + Sync {
    fn lift(&self) -> &T;
}

impl<T: Send + Sync> Veil<T> for T {
    fn lift(&self) -> &T {
        self
    }
}

/// A shared value, for those that are large and seldom asked for.
pub(crate) struct Veiled<T>(Arc<dyn Veil<T>>);

impl<T: Send + Sync + 'static> Veiled<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Arc::new(value))
    }
}

/// A veiled value that others keep alive.
pub(crate) struct VeiledWeak<T>(Weak<dyn Veil<T>>);

impl<T> VeiledWeak<T> {
    pub(crate) fn upgrade(&self) -> Option<Veiled<T>> {
        self.0.upgrade().map(Veiled)
    }
}

impl<T> Veiled<T> {
    pub(crate) fn downgrade(&self) -> VeiledWeak<T> {
        VeiledWeak(Arc::downgrade(&self.0))
    }
}

impl<T> Clone for Veiled<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Deref for Veiled<T> {
    type Target = T;

    fn deref(&self) -> &T {
        (*self.0).lift()
    }
}

impl<T: fmt::Debug> fmt::Debug for Veiled<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
