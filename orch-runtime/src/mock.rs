//! Stand-ins for steps, for tests.

use std::any::{Any, TypeId};
#[cfg(feature = "testing")]
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// A stand-in for a step: what `fetch_rates::mock(|day| …)` gives.
#[derive(Clone)]
#[cfg_attr(
    not(feature = "testing"),
    expect(dead_code, reason = "only tests put stand-ins in place")
)]
pub struct Mock {
    kind: TypeId,
    function: Arc<dyn Any + Send + Sync>,
}

impl fmt::Debug for Mock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mock").finish_non_exhaustive()
    }
}

impl Mock {
    /// A stand-in for the step whose generated code declares `F`, a type that it shares with no other.
    #[must_use]
    pub fn new<F: Any + Send + Sync>(function: F) -> Self {
        Self {
            kind: TypeId::of::<F>(),
            function: Arc::new(function),
        }
    }
}

/// The stand-ins of an orchestrator.
#[cfg(feature = "testing")]
#[derive(Debug, Default)]
pub(crate) struct Mocks(HashMap<TypeId, Mock>);

#[cfg(feature = "testing")]
impl Mocks {
    pub(crate) fn insert(&mut self, mock: Mock) {
        self.0.insert(mock.kind, mock);
    }

    /// The stand-in that is an `F`, if there is one.
    pub(crate) fn get<F: Any>(&self) -> Option<&F> {
        if self.0.is_empty() {
            return None;
        }
        self.0.get(&TypeId::of::<F>())?.function.downcast_ref()
    }
}
