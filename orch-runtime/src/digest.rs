//! What content is known by.

/// The SHA-256 digest of some content, in hexadecimal.
pub(crate) fn digest(content: &[u8]) -> String {
    hex(&hmac_sha256::Hash::hash(content))
}

/// Bytes in hexadecimal.
// By hand, as formatting them one by one takes longer than the digest itself.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from(DIGITS[usize::from(digit)]));
        }
    }
    text
}
