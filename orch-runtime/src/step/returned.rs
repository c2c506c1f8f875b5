//! What a call of a step gives: what its function returned, or more than that.

use super::{Bounded, Called, CalledOf, Fallible, Infallible, Step, called};

/// What the function of a step that can fail returned.
pub type ResultOf<S> = Result<<S as Step>::Output, <S as Step>::Error>;

/// What a call of `S` gave: [`Called`], or what its function returned.
///
/// A call that has nothing to add to what its function returns needs no future around the function's own, which each
/// build would have to prove things about.
pub trait Returned<S: Step> {
    /// As the engine wants to know it.
    fn called(self) -> CalledOf<S>;
}

#[diagnostic::do_not_recommend]
impl<S: Step, R> Returned<S> for R
where
    S::Kind: Reads<R, S::Output, S::Error>,
{
    fn called(self) -> CalledOf<S> {
        <S::Kind as Reads<R, S::Output, S::Error>>::read(self)
    }
}

/// How a kind of step reads what a call of it gave.
pub trait Reads<R, T, E> {
    /// As the engine wants to know it.
    fn read(returned: R) -> Called<T, E>;
}

impl<T, E> Reads<Result<T, E>, T, E> for Fallible {
    fn read(returned: Result<T, E>) -> Called<T, E> {
        called(returned)
    }
}

macro_rules! cannot_fail {
    ($($kind:ty),*) => {$(
        impl<T, E> Reads<T, T, E> for $kind {
            fn read(returned: T) -> Called<T, E> {
                Called::Value(returned)
            }
        }
    )*};
}

cannot_fail!(Infallible, Bounded);

macro_rules! called_already {
    ($($kind:ty),*) => {$(
        impl<T, E> Reads<Called<T, E>, T, E> for $kind {
            fn read(called: Called<T, E>) -> Called<T, E> {
                called
            }
        }
    )*};
}

called_already!(Fallible, Infallible, Bounded);
