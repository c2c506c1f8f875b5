//! Where the values of a run live: one typed slot for each node, written once.

use std::any::{Any, type_name};
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use spin::mutex::{SpinMutex, SpinMutexGuard};

use crate::step::{Anew, Once, Step};

/// Why a slot is read before it is written: never, as the schedule starts a node only after those it names.
/// Should that be broken, the reading node fails with this instead of the process.
const UNWRITTEN: &str = "the value of a node was read before the node had ended";

/// Why a value cannot be moved out: never, as a run gives its result when its `finally` nodes have ended.
const LOOKED_AT: &str = "the result was taken while a `finally` node was looking at it";

/// Why a slot that one reader moves out is locked twice: never, as that reader starts when the value is there.
const CONTENDED: &str = "the value of a node was written or read twice at once";

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes a node's value.
pub trait Put<T> {
    /// Places the value.
    fn put(&self, value: T);
}

/// What a step gives.
pub type OutputOf<S> = <S as Step>::Output;

/// The slot of what a step gives, read by reference.
pub type SlotOf<S> = Slot<OutputOf<S>>;

/// The slot of what a step gives, moved out by one reader.
pub type MovedOf<S> = Moved<OutputOf<S>>;

/// The slot of what a step gives, looked at by `finally` nodes and then moved into the result.
pub type KeptOf<S> = Kept<OutputOf<S>>;

/// A value that is read by reference.
///
/// Nobody reads it while it is written, so that nobody ever waits.
#[derive(Debug)]
pub struct Slot<T>(spin::Once<T>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(spin::Once::new())
    }
}

impl<T> From<T> for Slot<T> {
    fn from(value: T) -> Self {
        Self(spin::Once::initialized(value))
    }
}

impl<T> Slot<T> {
    /// The value.
    pub fn get(&self) -> &T {
        self.0.get().expect(UNWRITTEN)
    }

    /// The value, if it is there.
    pub fn peek(&self) -> Option<&T> {
        self.0.get()
    }
}

impl<T> Slot<T> {
    /// A value of the slot's type, for functions that only the compiler reads.
    ///
    /// # Panics
    /// Always: nothing calls it.
    pub fn owned(&self) -> T {
        unreachable!("it is only written for the compiler to read")
    }
}

impl<T> Slot<Option<T>> {
    /// The value, absent where the node gave none.
    pub fn get_or_none(&self) -> &Option<T> {
        self.peek().unwrap_or(&None)
    }
}

impl<T> Put<T> for &Slot<T> {
    fn put(&self, value: T) {
        // A repeated recovery finds the value there already, and it is the same.
        self.0.call_once(|| value);
    }
}

/// A value that one reader moves out.
///
/// Writer and reader come one after the other, so that neither waits: letting go of it then is a plain write, where a
/// lock with waiters has to look for them.
#[derive(Debug)]
pub struct Moved<T>(SpinMutex<Option<T>>);

impl<T> Default for Moved<T> {
    fn default() -> Self {
        Self(SpinMutex::new(None))
    }
}

impl<T> From<T> for Moved<T> {
    fn from(value: T) -> Self {
        Self(SpinMutex::new(Some(value)))
    }
}

impl<T> Put<T> for &Moved<T> {
    fn put(&self, value: T) {
        *self.slot() = Some(value);
    }
}

impl<T> Moved<T> {
    fn slot(&self) -> SpinMutexGuard<'_, Option<T>> {
        self.0.try_lock().expect(CONTENDED)
    }

    /// Moves the value out, if the node gave one: for its outcome.
    pub fn take_if_there(&self) -> Option<T> {
        self.slot().take()
    }
}

/// Whoever takes a value out of its slot: a step, or what is said instead of one.
pub trait Taker {
    /// [`Once`] or [`Anew`].
    type How;
}

impl Taker for Once {
    type How = Self;
}

impl Taker for Anew {
    type How = Self;
}

impl<S: Step> Taker for S {
    type How = S::Reuse;
}

/// A value that `finally` nodes look at before the result takes it.
#[derive(Debug)]
pub struct Kept<T>(Mutex<Option<Arc<T>>>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> From<T> for Kept<T> {
    fn from(value: T) -> Self {
        Self(Mutex::new(Some(Arc::new(value))))
    }
}

impl<T> Put<T> for &Kept<T> {
    fn put(&self, value: T) {
        *lock(&self.0) = Some(Arc::new(value));
    }
}

impl<T> Kept<T> {
    /// The value, for as long as a `finally` node looks at it.
    pub fn get(&self) -> Arc<T> {
        self.peek().expect(UNWRITTEN)
    }

    /// The value, if it is there.
    pub fn peek(&self) -> Option<Arc<T>> {
        lock(&self.0).clone()
    }

    /// Moves the value out, when all `finally` nodes have ended.
    pub fn take(&self) -> T {
        let value = lock(&self.0).take().expect(UNWRITTEN);
        Arc::into_inner(value).expect(LOOKED_AT)
    }
}

/// How a value leaves its slot: moved, or cloned where it may be wanted again.
#[diagnostic::on_unimplemented(
    message = "this step takes its arguments anew for each attempt, and `{T}` is not `Clone`",
    label = "moved into a step that may want it again",
    note = "take it by reference in the step, or derive `Clone` for it"
)]
pub trait Take<T> {
    /// Takes the value.
    fn take(slot: &mut Option<T>) -> Option<T>;
}

impl<T> Take<T> for Once {
    fn take(slot: &mut Option<T>) -> Option<T> {
        slot.take()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Clone> Take<T> for Anew {
    fn take(slot: &mut Option<T>) -> Option<T> {
        slot.clone()
    }
}

/// Moves a value out of its slot.
pub fn take<R: Taker, T>(slot: &Moved<T>) -> T
where
    R::How: Take<T>,
{
    R::How::take(&mut slot.slot()).expect(UNWRITTEN)
}

/// Moves a value out of its slot, absent where the node gave none.
pub fn take_or_none<R: Taker, T>(slot: &Moved<Option<T>>) -> Option<T>
where
    R::How: Take<Option<T>>,
{
    R::How::take(&mut slot.slot()).flatten()
}

/// Wraps what is put into an `Option`: the slot of a node whose value may be absent.
#[derive(Debug)]
pub struct Present<'a, P>(pub &'a P);

impl<'a, T, P> Put<T> for Present<'a, P>
where
    &'a P: Put<Option<T>>,
{
    fn put(&self, value: T) {
        self.0.put(Some(value));
    }
}

/// What a fallback gives in place of a `T`.
#[diagnostic::on_unimplemented(
    message = "this fallback gives `{Self}`, and the step before it `{T}`",
    label = "gives `{Self}`",
    note = "a fallback stands in for the steps before it: let it give the same type"
)]
pub trait StandsFor<T> {
    /// The value.
    fn stand(self) -> T;
}

impl<T> StandsFor<T> for T {
    fn stand(self) -> T {
        self
    }
}

/// Takes what a fallback gives, where a `T` is wanted.
#[derive(Debug)]
pub struct InsteadOf<T, P> {
    slot: P,
    wanted: PhantomData<fn() -> T>,
}

impl<T, P> InsteadOf<T, P> {
    /// Puts into a slot.
    pub fn new(slot: P) -> Self {
        Self {
            slot,
            wanted: PhantomData,
        }
    }
}

impl<T, U: StandsFor<T>, P: Put<T>> Put<U> for InsteadOf<T, P> {
    fn put(&self, value: U) {
        self.slot.put(value.stand());
    }
}

/// What is said where a value has another type than its reader takes it for.
///
/// The macro refuses what would have it so, as far as it sees it; the node that reads fails with this instead.
#[cold]
fn mistaken<T>(given: &str) -> ! {
    let taken = type_name::<T>();
    panic!(
        "a node gave a `{given}`, and the one that reads it took it for a `{taken}`: write the value's type where it is computed"
    )
}

/// A value of a type that no code can name: the value of a body or an arm that ends in an expression.
///
/// Whoever reads it says the type by a function that returns it and is never called.
#[derive(Debug, Default)]
pub struct Erased(spin::Once<(Box<dyn Any + Send + Sync>, &'static str)>);

impl<T: Send + Sync + 'static> Put<T> for &Erased {
    fn put(&self, value: T) {
        self.0.call_once(|| (Box::new(value), type_name::<T>()));
    }
}

impl Erased {
    /// The value, of the type that `witness` returns.
    pub fn get<T: 'static>(&self, witness: impl FnOnce() -> T) -> &T {
        self.peek(witness).expect(UNWRITTEN)
    }

    /// The value, absent where the node gave none.
    pub fn get_or_none<T: Send + Sync + 'static>(
        &self,
        witness: impl FnOnce() -> Option<T>,
    ) -> &Option<T> {
        self.peek(witness).unwrap_or(&None)
    }

    /// The value, if it is there.
    pub fn peek<T: 'static>(&self, _witness: impl FnOnce() -> T) -> Option<&T> {
        let (value, given) = self.0.get()?;
        Some(value.downcast_ref().unwrap_or_else(|| mistaken::<T>(given)))
    }
}

/// Like [`Erased`], for a value that one reader moves out.
#[derive(Debug, Default)]
pub struct MovedErased(Moved<(Box<dyn Any + Send>, &'static str)>);

impl<T: Send + 'static> Put<T> for &MovedErased {
    fn put(&self, value: T) {
        (&self.0).put((Box::new(Some(value)), type_name::<T>()));
    }
}

impl MovedErased {
    /// Moves the value, of the type that `witness` returns, out of its slot.
    pub fn take<R: Taker, T: 'static>(&self, witness: impl FnOnce() -> T) -> T
    where
        R::How: Take<T>,
    {
        self.taken(R::How::take, witness).expect(UNWRITTEN)
    }

    /// Moves the value out, if the node gave one: for its outcome.
    pub fn take_if_there<T: 'static>(&self, witness: impl FnOnce() -> T) -> Option<T> {
        self.taken(Option::take, witness)
    }

    /// Moves the value out of its slot, absent where the node gave none.
    pub fn take_or_none<R: Taker, T: 'static>(
        &self,
        witness: impl FnOnce() -> Option<T>,
    ) -> Option<T>
    where
        R::How: Take<Option<T>>,
    {
        self.taken(R::How::take, witness).flatten()
    }

    fn taken<T: 'static>(
        &self,
        take: impl FnOnce(&mut Option<T>) -> Option<T>,
        _witness: impl FnOnce() -> T,
    ) -> Option<T> {
        let mut slot = self.0.slot();
        let (value, given) = slot.as_mut()?;
        take(value.downcast_mut().unwrap_or_else(|| mistaken::<T>(given)))
    }
}

/// The type of a vector of what `item` returns, for a witness.
pub fn vec_of<T>(_item: impl FnOnce() -> T) -> Vec<T> {
    Vec::new()
}

/// The type of a vector of what `item` returns or what it fails with, for a witness.
pub fn results_of<T>(_item: impl FnOnce() -> T) -> Vec<Result<T, orch_core::error::NodeError>> {
    Vec::new()
}

/// A value that is used by value more than once: copied, as it is `Copy`.
#[derive(Debug)]
pub struct Lent<'a, T>(pub &'a T);

impl<T: Copy> Lent<'_, T> {
    /// The copy.
    #[must_use]
    pub fn copied(&self) -> T {
        *self.0
    }
}

/// What stands for the copy of a value that is not `Copy`, so that the one report is that of a use after a move.
pub trait NotCopied<T> {
    /// Nothing: what calls it does not compile.
    fn copied(&self) -> T;
}

impl<T: Copy> Slot<T> {
    /// A copy of the value, which is used by value more than once.
    #[must_use]
    pub fn copied(&self) -> T {
        *self.get()
    }
}

impl<T> NotCopied<T> for Slot<T> {
    fn copied(&self) -> T {
        owned(self.get())
    }
}

impl<T> NotCopied<T> for Lent<'_, T> {
    fn copied(&self) -> T {
        owned(self.0)
    }
}

/// A value of the type behind a reference, for functions that only the compiler reads.
///
/// # Panics
/// Always: nothing calls it.
pub fn owned<T>(_lent: &T) -> T {
    unreachable!("it is only written for the compiler to read")
}

/// A use of a value, for functions that only the compiler reads.
pub fn uses<T>(_value: T) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "a node gave a `i32`, and the one that reads it took it for a `u8`")]
    fn a_lent_value_of_another_type_is_named() {
        let slot = Erased::default();
        (&slot).put(1);
        slot.get(|| 1_u8);
    }

    #[test]
    #[should_panic(expected = "a node gave a `i32`, and the one that reads it took it for a `u8`")]
    fn a_moved_value_of_another_type_is_named() {
        let slot = MovedErased::default();
        (&slot).put(1);
        slot.take::<Once, _>(|| 1_u8);
    }

    #[test]
    fn what_was_not_given_is_absent() {
        assert_eq!(Erased::default().get_or_none(|| Some(1_u8)), &None);
        assert_eq!(Erased::default().peek(|| 1_u8), None);
        let slot = MovedErased::default();
        assert_eq!(slot.take_or_none::<Once, _>(|| Some(1_u8)), None);
        (&slot).put(Some(2_u8));
        assert_eq!(slot.take_or_none::<Once, _>(|| Some(1_u8)), Some(2));
        assert_eq!(slot.take_if_there(|| Some(1_u8)), None);
    }
}
