//! What content is known by.

use std::fmt::Write as _;

/// The SHA-256 digest of some content, in hexadecimal.
pub(crate) fn digest(content: &[u8]) -> String {
    let mut digest = String::with_capacity(64);
    for byte in hmac_sha256::Hash::hash(content) {
        // Writing to a string does not fail.
        let _ = write!(digest, "{byte:02x}");
    }
    digest
}
