//! What tells the items of a durable `for` apart, where the feature `durable` is left out.
//!
//! Nobody asks: a workflow that is durable says so and does not compile. These keep it from saying more than that.

use std::fmt;

use crate::program::ItemKey;

/// What tells an item from others.
///
/// # Errors
/// Never; the type is that of [`item_key`].
pub fn item_digest<T: ?Sized>(_item: &T) -> ItemKey {
    Ok(String::new())
}

/// What tells an item from others: what its workflow says.
///
/// # Errors
/// Never.
pub fn item_key(key: &(impl fmt::Display + ?Sized)) -> ItemKey {
    Ok(key.to_string())
}
