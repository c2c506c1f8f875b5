//! Signals, typed at both ends.

use std::fmt;
use std::marker::PhantomData;

use super::{Durable, Json, Millis};
use crate::json;
use crate::program::Restored;
use crate::slots::Put;

/// What a signal carries.
#[diagnostic::on_unimplemented(
    message = "a signal cannot carry `{Self}`",
    label = "not `serde::Serialize + serde::de::DeserializeOwned`",
    note = "what is sent is kept until the node takes it: derive `serde::Serialize` and `serde::Deserialize` for it"
)]
pub trait Carried: Sized {
    /// Back from JSON.
    ///
    /// # Errors
    /// Fails where the value's own `Deserialize` does.
    fn open(json: &str) -> Result<Self, json::Error>;
}

#[diagnostic::do_not_recommend]
impl<T: Durable> Carried for T {
    fn open(json: &str) -> Result<Self, json::Error> {
        T::decode(json)
    }
}

/// Places what a signal carried.
///
/// # Errors
/// If it is not a `T`.
pub fn received<T: Carried>(json: Option<&str>, slot: impl Put<Option<T>>) -> Restored {
    slot.put(json.map(T::open).transpose()?);
    Ok(())
}

/// A node of `W` that waits for a signal with a `T`: `Checkout::finance`.
pub struct Signal<W, T> {
    pub(crate) node: &'static str,
    marker: PhantomData<fn() -> (W, T)>,
}

impl<W, T> Signal<W, T> {
    /// The node of this path.
    #[must_use]
    pub const fn new(node: &'static str) -> Self {
        Self {
            node,
            marker: PhantomData,
        }
    }

    /// The node's path.
    #[must_use]
    pub const fn node(&self) -> &'static str {
        self.node
    }
}

impl<W, T> Clone for Signal<W, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<W, T> Copy for Signal<W, T> {}

impl<W, T> fmt::Debug for Signal<W, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Signal").field(&self.node).finish()
    }
}

/// A signal as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalRecord {
    /// Its number: ascending in the order in which signals came, of whichever run.
    pub number: i64,
    /// Its name.
    pub name: String,
    /// Its event id.
    pub event: Option<String>,
    /// What it carries.
    pub value: Json,
    /// When it came.
    pub at: Millis,
}
