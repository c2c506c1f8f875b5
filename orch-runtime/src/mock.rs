//! Stand-ins for steps, for tests.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// A stand-in for a step: what `fetch_rates::mock(|day| …)` gives.
#[derive(Clone)]
pub struct Mock {
    #[cfg_attr(
        not(feature = "testing"),
        expect(dead_code, reason = "only tests put stand-ins in place")
    )]
    step: TypeId,
    function: Arc<dyn Any + Send + Sync>,
}

impl fmt::Debug for Mock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mock").finish_non_exhaustive()
    }
}

impl Mock {
    /// A stand-in for the step `S`, of the function type that its generated code knows.
    #[must_use]
    pub fn new<S: 'static, F: ?Sized + Send + Sync + 'static>(function: Box<F>) -> Self {
        Self {
            step: TypeId::of::<S>(),
            function: Arc::new(function),
        }
    }
}

/// The stand-ins of an orchestrator.
#[derive(Debug, Default)]
pub(crate) struct Mocks(HashMap<TypeId, Mock>);

impl Mocks {
    #[cfg(feature = "testing")]
    pub(crate) fn insert(&mut self, mock: Mock) {
        self.0.insert(mock.step, mock);
    }

    /// The stand-in for the step `S`, if there is one.
    pub(crate) fn get<S: 'static, F: ?Sized + 'static>(&self) -> Option<&F> {
        if self.0.is_empty() {
            return None;
        }
        let mock = self.0.get(&TypeId::of::<S>())?;
        mock.function
            .downcast_ref::<Box<F>>()
            .map(|function| &**function)
    }
}
