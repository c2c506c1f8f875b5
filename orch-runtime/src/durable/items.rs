//! What tells the items of a durable `for` apart.

use std::fmt;

use serde::Serialize;

use crate::digest::hex;
use crate::program::ItemKey;

/// What tells an item from others: a digest of it.
///
/// # Errors
/// If it does not serialize to JSON.
pub fn item_digest<T: Digest + ?Sized>(item: &T) -> ItemKey {
    item.digest()
}

/// An item of a durable fan-out without a key.
#[diagnostic::on_unimplemented(
    message = "the items of this `for` cannot be told apart when the run is taken up again: `{Self}` is not `serde::Serialize`",
    label = "not `serde::Serialize`",
    note = "derive `serde::Serialize` for it, or say what tells items apart: `#[node(key = item.id)]`"
)]
pub trait Digest {
    /// A digest of the item.
    ///
    /// # Errors
    /// If it does not serialize to JSON.
    fn digest(&self) -> ItemKey;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + ?Sized> Digest for T {
    fn digest(&self) -> ItemKey {
        let json = serde_json::to_vec(self)?;
        let digest = hmac_sha256::Hash::hash(&json);
        Ok(hex(&digest[..8]))
    }
}

/// What tells an item from others: what its workflow says.
///
/// # Errors
/// Never; the type is that of [`item_digest`].
pub fn item_key(key: &(impl fmt::Display + ?Sized)) -> ItemKey {
    Ok(key.to_string())
}
