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

/// The type of a step's stand-in, which no other step has, and how one is made.
#[cfg(feature = "testing")]
#[doc(hidden)]
#[macro_export]
macro_rules! __mock {
    ($step:ident, $($function:tt)*) => {
        struct __M(::std::boxed::Box<
            dyn $crate::step::Fn $($function)* + $crate::step::Send + $crate::step::Sync
        >);
        impl $step<'_> {
            pub fn mock(
                f: impl $crate::step::Fn $($function)* + $crate::step::Send + $crate::step::Sync + 'static,
            ) -> $crate::mock::Mock {
                $crate::mock::Mock::new(__M(::std::boxed::Box::new(f)))
            }
        }
    };
}

/// What a step does for its stand-in beforehand.
#[cfg(feature = "testing")]
#[doc(hidden)]
#[macro_export]
macro_rules! __testing {
    ($($code:tt)*) => { $($code)* };
}

/// What a step's stand-in gives, or else what its function does.
#[cfg(feature = "testing")]
#[doc(hidden)]
#[macro_export]
macro_rules! __mocked {
    ($mock:expr, $arguments:tt, $($function:tt)*) => {
        match $mock {
            $crate::step::Some(it) => it.0 $arguments,
            _ => $($function)*,
        }
    };
}

/// The future of a call that gives what the step's function returns, or what its stand-in does.
#[cfg(feature = "testing")]
#[doc(hidden)]
#[macro_export]
macro_rules! __direct {
    ($self:ident, $async:tt $move:tt $arguments:tt, $function:expr) => {{
        let mock = $self.cx.mock::<__M>();
        $async $move { $crate::__mocked!(mock, $arguments, $function.await) }
    }};
}

/// No step has a stand-in where none can be put in its place, so that nobody waits for such code to compile.
#[cfg(not(feature = "testing"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __mock {
    ($($any:tt)*) => {};
}

/// Nothing, as there is no stand-in.
#[cfg(not(feature = "testing"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __testing {
    ($($code:tt)*) => {};
}

/// What a step's function does.
#[cfg(not(feature = "testing"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __mocked {
    ($mock:expr, $arguments:tt, $($function:tt)*) => { $($function)* };
}

/// The future of a call, which is that of the step's function.
#[cfg(not(feature = "testing"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __direct {
    ($self:ident, $async:tt $move:tt $arguments:tt, $function:expr) => {
        $function
    };
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
