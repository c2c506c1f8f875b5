//! What `for` runs over: slices, ranges, arrays and vectors, and their items.

use std::any::Any;
use std::ops::Range;
use std::sync::OnceLock;

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
    /// use orch_runtime::items::ChunkedExt as _;
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
