//! Where the values of a run live: one typed slot for each node, written once.

use std::any::Any;
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use crate::step::{Anew, Once, Step};

/// Why a slot is read before it is written: never, as the schedule starts a node only after those it names.
/// Should that be broken, the reading node fails with this instead of the process.
const UNWRITTEN: &str = "the value of a node was read before the node had ended";

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

/// A value that is read by reference.
#[derive(Debug)]
pub struct Slot<T>(OnceLock<T>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(OnceLock::new())
    }
}

impl<T> From<T> for Slot<T> {
    fn from(value: T) -> Self {
        Self(OnceLock::from(value))
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

impl<T> Slot<Option<T>> {
    /// The value, absent where the node gave none.
    pub fn get_or_none(&self) -> &Option<T> {
        self.0.get_or_init(|| None)
    }
}

impl<T> Put<T> for &Slot<T> {
    fn put(&self, value: T) {
        // A repeated recovery finds the value there already, and it is the same.
        let _ = self.0.set(value);
    }
}

/// A value that one reader moves out.
#[derive(Debug)]
pub struct Moved<T>(Mutex<Option<T>>);

impl<T> Default for Moved<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> From<T> for Moved<T> {
    fn from(value: T) -> Self {
        Self(Mutex::new(Some(value)))
    }
}

impl<T> Put<T> for &Moved<T> {
    fn put(&self, value: T) {
        *lock(&self.0) = Some(value);
    }
}

impl<T> Moved<T> {
    /// Moves the value out, if the node gave one: for its outcome.
    pub fn take_if_there(&self) -> Option<T> {
        lock(&self.0).take()
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
    R::How::take(&mut lock(&slot.0)).expect(UNWRITTEN)
}

/// Moves a value out of its slot, absent where the node gave none.
pub fn take_or_none<R: Taker, T>(slot: &Moved<Option<T>>) -> Option<T>
where
    R::How: Take<Option<T>>,
{
    R::How::take(&mut lock(&slot.0)).flatten()
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

/// A value of a type that no code can name: the value of a body or an arm that ends in an expression.
///
/// Whoever reads it says the type by a function that returns it and is never called.
#[derive(Debug, Default)]
pub struct Erased(OnceLock<Box<dyn Any + Send + Sync>>);

impl<T: Send + Sync + 'static> Put<T> for &Erased {
    fn put(&self, value: T) {
        let _ = self.0.set(Box::new(value));
    }
}

impl Erased {
    /// The value, of the type that `witness` returns.
    pub fn get<T: 'static>(&self, _witness: impl FnOnce() -> T) -> &T {
        self.0
            .get()
            .and_then(|value| value.downcast_ref())
            .expect(UNWRITTEN)
    }

    /// The value, absent where the node gave none.
    pub fn get_or_none<T: Send + Sync + 'static>(
        &self,
        _witness: impl FnOnce() -> Option<T>,
    ) -> &Option<T> {
        self.0
            .get_or_init(|| Box::new(None::<T>))
            .downcast_ref()
            .expect(UNWRITTEN)
    }

    /// The value, if it is there.
    pub fn peek<T: 'static>(&self, _witness: impl FnOnce() -> T) -> Option<&T> {
        self.0.get()?.downcast_ref()
    }
}

/// Like [`Erased`], for a value that one reader moves out.
#[derive(Debug, Default)]
pub struct MovedErased(Mutex<Option<Box<dyn Any + Send>>>);

impl<T: Send + 'static> Put<T> for &MovedErased {
    fn put(&self, value: T) {
        *lock(&self.0) = Some(Box::new(Some(value)));
    }
}

impl MovedErased {
    /// Moves the value, of the type that `witness` returns, out of its slot.
    pub fn take<R: Taker, T: 'static>(&self, _witness: impl FnOnce() -> T) -> T
    where
        R::How: Take<T>,
    {
        lock(&self.0)
            .as_mut()
            .and_then(|value| value.downcast_mut::<Option<T>>())
            .and_then(R::How::take)
            .expect(UNWRITTEN)
    }

    /// Moves the value out of its slot, absent where the node gave none.
    pub fn take_or_none<R: Taker, T: 'static>(
        &self,
        _witness: impl FnOnce() -> Option<T>,
    ) -> Option<T>
    where
        R::How: Take<Option<T>>,
    {
        lock(&self.0)
            .as_mut()
            .and_then(|value| value.downcast_mut::<Option<Option<T>>>())
            .and_then(R::How::take)
            .flatten()
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

/// What a `for` head gave, where it must be kept: a vector that nobody else owns.
#[derive(Debug, Default)]
pub struct Held(OnceLock<Box<dyn Any + Send + Sync>>);

/// What `for` can run over: slices, ranges, arrays and vectors.
#[diagnostic::on_unimplemented(
    message = "`for` in a workflow cannot run over `{Self}`",
    label = "not a slice, a range, an array or a vector",
    note = "items are reached by their index: collect an iterator, a map or a set into a `Vec` in a step or a view first"
)]
pub trait Source<'a>: Sized {
    /// An item.
    type Item;

    /// Keeps what must be kept, and counts the items.
    fn hold(self, held: &'a Held) -> usize;

    /// The item at an index; `again` gives the head anew where nothing was kept.
    fn borrow(held: &'a Held, idx: usize, again: impl FnOnce() -> Self) -> Item<'a, Self::Item>;
}

/// An item, owned or borrowed from what was kept.
#[derive(Debug)]
pub enum Item<'a, T> {
    /// It is here.
    Owned(T),
    /// It is in what was kept.
    Kept(&'a T),
}

impl<T> std::ops::Deref for Item<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Self::Owned(item) => item,
            Self::Kept(item) => item,
        }
    }
}

#[diagnostic::do_not_recommend]
impl<'a, T: Sync> Source<'a> for &'a [T] {
    type Item = &'a T;

    fn hold(self, _held: &'a Held) -> usize {
        self.len()
    }

    fn borrow(_held: &'a Held, idx: usize, again: impl FnOnce() -> Self) -> Item<'a, &'a T> {
        Item::Owned(&again()[idx])
    }
}

#[diagnostic::do_not_recommend]
impl<'a, T: Sync> Source<'a> for &'a Vec<T> {
    type Item = &'a T;

    fn hold(self, _held: &'a Held) -> usize {
        self.len()
    }

    fn borrow(_held: &'a Held, idx: usize, again: impl FnOnce() -> Self) -> Item<'a, &'a T> {
        Item::Owned(&again()[idx])
    }
}

#[diagnostic::do_not_recommend]
impl<'a, T: Sync, const N: usize> Source<'a> for &'a [T; N] {
    type Item = &'a T;

    fn hold(self, _held: &'a Held) -> usize {
        N
    }

    fn borrow(_held: &'a Held, idx: usize, again: impl FnOnce() -> Self) -> Item<'a, &'a T> {
        Item::Owned(&again()[idx])
    }
}

/// A slice's items in groups of `size`, the last one smaller: `for page in documents.chunked(50)`.
#[derive(Debug, Clone, Copy)]
pub struct Chunked<'a, T> {
    items: &'a [T],
    size: usize,
}

/// Groups the items of a slice or a vector for a `for`.
pub trait ChunkedExt<T> {
    /// Groups of `size` items, the last one smaller; a `size` of 0 counts as 1.
    ///
    /// ```
    /// use orch_runtime::slots::ChunkedExt as _;
    /// assert_eq!([1, 2, 3].chunked(2).len(), 2);
    /// ```
    fn chunked(&self, size: usize) -> Chunked<'_, T>;
}

impl<T> ChunkedExt<T> for [T] {
    fn chunked(&self, size: usize) -> Chunked<'_, T> {
        Chunked {
            items: self,
            size: size.max(1),
        }
    }
}

impl<T> Chunked<'_, T> {
    /// How many groups there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len().div_ceil(self.size)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

#[diagnostic::do_not_recommend]
impl<'a, T: Sync> Source<'a> for Chunked<'a, T> {
    type Item = &'a [T];

    fn hold(self, _held: &'a Held) -> usize {
        self.len()
    }

    fn borrow(_held: &'a Held, idx: usize, again: impl FnOnce() -> Self) -> Item<'a, &'a [T]> {
        let chunked = again();
        let first = idx * chunked.size;
        let end = chunked.items.len().min(first + chunked.size);
        Item::Owned(&chunked.items[first..end])
    }
}

#[diagnostic::do_not_recommend]
impl<'a, T: Send + Sync + 'static> Source<'a> for Vec<T> {
    type Item = T;

    fn hold(self, held: &'a Held) -> usize {
        let count = self.len();
        let _ = held.0.set(Box::new(self));
        count
    }

    fn borrow(held: &'a Held, idx: usize, again: impl FnOnce() -> Self) -> Item<'a, T> {
        let kept: Option<&Self> = held.0.get().and_then(|kept| kept.downcast_ref());
        match kept {
            Some(kept) => Item::Kept(&kept[idx]),
            // The numbers of a literal, such as `[1, 2]`, are of the type that the body makes of them,
            // which whoever counted the items could not know.
            None => Item::Owned(again().swap_remove(idx)),
        }
    }
}

#[diagnostic::do_not_recommend]
impl<'a, T: Send + Sync + 'static, const N: usize> Source<'a> for [T; N] {
    type Item = T;

    fn hold(self, held: &'a Held) -> usize {
        Vec::from(self).hold(held)
    }

    fn borrow(held: &'a Held, idx: usize, again: impl FnOnce() -> Self) -> Item<'a, T> {
        Vec::borrow(held, idx, || Vec::from(again()))
    }
}

macro_rules! ranges {
    ($($int:ty),*) => {$(
#[diagnostic::do_not_recommend]
        impl<'a> Source<'a> for Range<$int> {
            type Item = $int;

            fn hold(self, _held: &'a Held) -> usize {
                if self.start >= self.end {
                    return 0;
                }
                usize::try_from(self.end.abs_diff(self.start)).unwrap_or(usize::MAX)
            }

            fn borrow(_held: &'a Held, idx: usize, again: impl FnOnce() -> Self) -> Item<'a, $int> {
                Item::Owned(again().start.wrapping_add(idx as $int))
            }
        }

#[diagnostic::do_not_recommend]
        impl<'a> Source<'a> for std::ops::RangeInclusive<$int> {
            type Item = $int;

            fn hold(self, _held: &'a Held) -> usize {
                if self.start() > self.end() {
                    return 0;
                }
                usize::try_from(self.end().abs_diff(*self.start()))
                    .unwrap_or(usize::MAX)
                    .saturating_add(1)
            }

            fn borrow(_held: &'a Held, idx: usize, again: impl FnOnce() -> Self) -> Item<'a, $int> {
                Item::Owned(again().start().wrapping_add(idx as $int))
            }
        }
    )*};
}

ranges!(u8, u16, u32, u64, usize, i8, i16, i32, i64, isize);

/// What a `for` runs over.
///
/// It asks for [`Source`] where it is made and nowhere else: the head of a `for` is written wherever an item is read,
/// and the compiler says the same thing about the same tokens only once.
pub struct Fan<'a, S, F, I> {
    held: &'a Held,
    head: F,
    hold: fn(S, &'a Held) -> usize,
    borrow: fn(&'a Held, usize, F) -> Item<'a, I>,
}

/// Runs over what a `for`'s head gives.
pub fn fan<'a, S: Source<'a>, F: FnOnce() -> S>(held: &'a Held, head: F) -> Fan<'a, S, F, S::Item> {
    Fan {
        held,
        head,
        hold: S::hold,
        borrow: |held, idx, again| S::borrow(held, idx, again),
    }
}

impl<'a, S, F: FnOnce() -> S, I> Fan<'a, S, F, I> {
    /// Keeps what must be kept, and counts the items.
    pub fn hold(self) -> usize {
        (self.hold)((self.head)(), self.held)
    }

    /// The item at an index.
    pub fn item(self, idx: usize) -> Item<'a, I> {
        (self.borrow)(self.held, idx, self.head)
    }
}

impl<S, F, I> std::fmt::Debug for Fan<'_, S, F, I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fan")
            .field("held", self.held)
            .finish_non_exhaustive()
    }
}

/// An item that is moved into the one step that names it.
pub trait TakeItem<T> {
    /// Takes the item.
    fn take_item(self) -> T;
}

impl<T: Clone> TakeItem<T> for Item<'_, T> {
    fn take_item(self) -> T {
        match self {
            Self::Owned(item) => item,
            Self::Kept(item) => item.clone(),
        }
    }
}

/// The value of a name that is used by value more than once.
#[diagnostic::on_unimplemented(
    message = "this value is moved more than once, and `{Self}` is not `Copy`",
    label = "moved again here",
    note = "write `&name` to lend it, or `name.clone()`"
)]
pub trait Again: Sized {
    /// The value behind a reference, from which a copy can be made and coerced.
    fn again(&self) -> &Self;
}

#[diagnostic::do_not_recommend]
impl<T: Copy> Again for T {
    fn again(&self) -> &Self {
        self
    }
}
