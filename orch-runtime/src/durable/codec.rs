//! How runs are kept: what a workflow takes and gives, and what it fails with.

use std::fmt;
use std::marker::PhantomData;

use super::{Durable, Keep};
use crate::json;
use crate::program::Workflow;

/// How a workflow's input, result and error are kept.
pub struct Codec<W: Workflow> {
    pub(crate) encode_input: fn(&W::Input) -> Result<String, json::Error>,
    pub(crate) decode_input: fn(&str) -> Result<W::Input, json::Error>,
    pub(crate) encode_output: fn(&W::Output) -> Result<String, json::Error>,
    pub(crate) decode_output: fn(&str) -> Result<W::Output, json::Error>,
    pub(crate) errors: ErrorCodec<W::Error>,
}

impl<W: Workflow> fmt::Debug for Codec<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Codec").finish_non_exhaustive()
    }
}

/// How an error is kept: whole, where its type can be, and otherwise in words.
#[derive(Debug)]
pub struct ErrorCodec<E> {
    pub(crate) encode: fn(&E) -> Option<String>,
    pub(crate) decode: fn(&str) -> Option<E>,
}

/// How errors are kept, found by what their type can do: `(&&ErrorProbe::<E>::NEW).codec()`.
#[derive(Debug)]
pub struct ErrorProbe<E>(PhantomData<fn() -> E>);

impl<E> ErrorProbe<E> {
    /// The probe.
    pub const NEW: Self = Self(PhantomData);
}

/// The first choice: the error is kept whole.
pub trait WholeErrors<E> {
    /// How it is kept.
    fn codec(&self) -> ErrorCodec<E>;
}

impl<E: Durable> WholeErrors<E> for &ErrorProbe<E> {
    fn codec(&self) -> ErrorCodec<E> {
        ErrorCodec {
            encode: |error| error.encode().ok(),
            decode: |json| E::decode(json).ok(),
        }
    }
}

/// The second choice: the error is kept in words.
pub trait WordedErrors<E> {
    /// How it is kept.
    fn codec(&self) -> ErrorCodec<E>;
}

impl<E> WordedErrors<E> for ErrorProbe<E> {
    fn codec(&self) -> ErrorCodec<E> {
        ErrorCodec {
            encode: |_| None,
            decode: |_| None,
        }
    }
}

/// How the results of a cached step are kept as JSON, found by whether they can be:
/// `(&ResultProbe::<T>::NEW).results()`.
#[derive(Debug)]
pub struct ResultProbe<T>(PhantomData<fn() -> T>);

impl<T> ResultProbe<T> {
    /// The probe.
    pub const NEW: Self = Self(PhantomData);
}

/// The first choice: they can be.
pub trait WholeResults<T> {
    /// How they are kept.
    fn results(&self) -> Option<Keep<T>>;
}

impl<T: Durable> WholeResults<T> for &ResultProbe<T> {
    fn results(&self) -> Option<Keep<T>> {
        Some(Keep::NEW)
    }
}

/// The second choice: they are kept in memory alone.
pub trait PassingResults<T> {
    /// Nothing.
    fn results(&self) -> Option<Keep<T>>;
}

impl<T> PassingResults<T> for ResultProbe<T> {
    fn results(&self) -> Option<Keep<T>> {
        None
    }
}

/// `Step::results` of a cached step: written here, as it is the same for all.
#[doc(hidden)]
#[macro_export]
macro_rules! __kept {
    () => {
        fn results() -> $crate::step::Option<$crate::durable::Keep<Self::Output>> {
            use $crate::durable::{PassingResults as _, WholeResults as _};
            (&&$crate::durable::ResultProbe::<Self::Output>::NEW).results()
        }
    };
}

/// How the input and the result of a workflow are kept, found by whether they can be.
///
/// [`stored`] says of each type that cannot; with this, nothing else says it again:
/// `(&&CodecProbe::<W>::NEW).codec(errors)`.
#[derive(Debug)]
pub struct CodecProbe<W>(PhantomData<fn() -> W>);

impl<W> CodecProbe<W> {
    /// The probe.
    pub const NEW: Self = Self(PhantomData);
}

/// The first choice: all of it can be kept.
pub trait WholeRuns<W: Workflow> {
    /// How it is kept.
    fn codec(&self, errors: ErrorCodec<W::Error>) -> Option<Codec<W>>;
}

impl<W: Workflow> WholeRuns<W> for &CodecProbe<W>
where
    W::Input: Durable,
    W::Output: Durable,
{
    fn codec(&self, errors: ErrorCodec<W::Error>) -> Option<Codec<W>> {
        Some(Codec {
            encode_input: W::Input::encode,
            decode_input: W::Input::decode,
            encode_output: W::Output::encode,
            decode_output: W::Output::decode,
            errors,
        })
    }
}

/// The second choice: something of it cannot, and the workflow does not compile.
pub trait UnkeptRuns<W: Workflow> {
    /// Nothing.
    fn codec(&self, errors: ErrorCodec<W::Error>) -> Option<Codec<W>>;
}

impl<W: Workflow> UnkeptRuns<W> for CodecProbe<W> {
    fn codec(&self, _errors: ErrorCodec<W::Error>) -> Option<Codec<W>> {
        None
    }
}

/// What a durable workflow takes or gives.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be kept with a run",
    label = "not `serde::Serialize + serde::de::DeserializeOwned`",
    note = "a durable workflow keeps what it is started with and what it gives: derive `serde::Serialize` and `serde::Deserialize` for it"
)]
pub trait Stored {}

#[diagnostic::do_not_recommend]
impl<T: Durable> Stored for T {}

/// Checks that an input or a result can be kept.
pub const fn stored<T: Stored>() {}
