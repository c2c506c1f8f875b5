//! What stands in for `tracing` where the feature of that name is left out: spans that are nothing, and records that
//! nobody writes.

/// Looks at what would be told, so that it is not reported as unused, and evaluates none of it.
macro_rules! untold {
    (target: $target:literal, $($(%)? $(?)? $field:ident $(= $(%)? $(?)? $value:expr)?,)* $message:literal $(,)?) => {
        $crate::observe::tracing::untold!(target: $target, $($field $(= $value)?),*)
    };
    (target: $target:literal, $($(%)? $(?)? $field:ident $(= $(%)? $(?)? $value:expr)?),* $(,)?) => {
        if false {
            $($crate::observe::tracing::untold!(@ $field $(= $value)?);)*
        }
    };
    (@ $field:ident) => {
        let _ = &$field;
    };
    (@ $field:ident = $value:expr) => {
        let _ = &$value;
    };
}

macro_rules! info_span {
    (target: $target:literal, parent: $parent:expr, $name:literal, $($fields:tt)*) => {{
        $crate::observe::tracing::untold!(target: $target, parent = $parent, $($fields)*);
        $crate::observe::tracing::Span
    }};
    (target: $target:literal, $name:literal, $($fields:tt)*) => {{
        $crate::observe::tracing::untold!(target: $target, $($fields)*);
        $crate::observe::tracing::Span
    }};
}

#[allow(
    unused_imports,
    reason = "other features decide which of them are used"
)]
pub(crate) use {
    info_span, untold, untold as debug, untold as error, untold as info, untold as warn,
};

pub(super) const fn is_subscribed() -> bool {
    false
}

#[derive(Debug, Clone)]
pub(crate) struct Span;

impl Span {
    pub(crate) const fn none() -> Self {
        Self
    }

    pub(crate) const fn id(&self) -> Option<Id> {
        None
    }

    pub(crate) const fn is_disabled(&self) -> bool {
        true
    }

    pub(crate) const fn enter(&self) -> Entered {
        Entered
    }

    pub(crate) fn in_scope<T>(&self, inside: impl FnOnce() -> T) -> T {
        inside()
    }
}

/// Being in a span, which is nothing.
pub(crate) struct Entered;

#[derive(Debug, Clone)]
pub(crate) struct Id;

pub(crate) mod instrument {
    use std::future::Future;

    use super::Span;

    pub(crate) type Instrumented<F> = F;

    pub(crate) trait Instrument: Future + Sized {
        fn instrument(self, _: Span) -> Instrumented<Self> {
            self
        }
    }

    impl<F: Future> Instrument for F {}
}
