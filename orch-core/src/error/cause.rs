//! Errors of types that only their steps and workflows know.

use std::any::Any;
use std::error::Error;
use std::fmt::{self, Debug, Display};
use std::sync::Arc;

/// A boxed error, as everything that fails a step converts into.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// Any error at all: what the steps of a workflow fail with that declares no error type of its own.
///
/// It shows, and is the source of, just what the error inside shows and has.
pub struct AnyError(BoxError);

impl AnyError {
    /// Wraps an error.
    pub fn new(error: impl Into<BoxError>) -> Self {
        Self(error.into())
    }

    /// The error inside, if it is an `E`.
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        self.0.downcast_ref()
    }

    /// The error inside.
    #[must_use]
    pub fn inner(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.0
    }
}

impl Display for AnyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.0, f)
    }
}

impl Debug for AnyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Debug::fmt(&self.0, f)
    }
}

impl Error for AnyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

/// How an error type gives the error that callers walk as `source()`.
pub type SourceOf<E> = fn(&E) -> Option<&(dyn Error + 'static)>;

trait Value: Send + Sync {
    fn any(&self) -> &dyn Any;
    fn debug(&self) -> &dyn Debug;
    fn source(&self) -> Option<&(dyn Error + 'static)>;
}

struct Typed<E> {
    error: E,
    source: SourceOf<E>,
}

impl<E: Display + Debug + Send + Sync + 'static> Value for Typed<E> {
    fn any(&self) -> &dyn Any {
        &self.error
    }

    fn debug(&self) -> &dyn Debug {
        &self.error
    }

    fn source(&self) -> Option<&(dyn Error + 'static)> {
        (self.source)(&self.error)
    }
}

/// An error value of a type that only its workflow knows.
///
/// It says what it is when it is made, where a panic of its `Display` is still its step's own.
#[derive(Clone)]
pub struct Cause {
    value: Arc<dyn Value>,
    message: Arc<str>,
}

impl Cause {
    /// A cause of a workflow's own error type.
    pub fn typed<E: Display + Debug + Send + Sync + 'static>(
        error: E,
        source: SourceOf<E>,
    ) -> Self {
        let message = error.to_string().into();
        let value = Arc::new(Typed { error, source });
        Self { value, message }
    }

    /// A cause of any type.
    pub fn any(error: impl Into<BoxError>) -> Self {
        Self::typed(AnyError::new(error), |error| Some(error.inner()))
    }

    /// The error, if it is an `E`.
    #[must_use]
    pub fn downcast_ref<E: 'static>(&self) -> Option<&E> {
        self.value.any().downcast_ref()
    }

    /// What callers walk as the source of an error with this cause.
    pub(super) fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.value.source()
    }
}

impl Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Debug::fmt(self.value.debug(), f)
    }
}
