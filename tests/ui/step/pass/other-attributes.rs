#![deny(warnings)]

use orch::prelude::*;

/// Adds two numbers.
///
/// It is not *much*: `1 + 1 == 2`.
#[step]
#[inline]
#[must_use]
pub fn add(#[allow(unused)] a: u8, b: u8) -> u8 {
    b
}

#[step]
#[cfg(any())]
pub fn never() -> NoSuchType {}

#[cfg(any())]
#[step]
pub fn never_either() -> NoSuchType {}

#[step]
#[deprecated = "use `add`"]
pub fn old() {}

#[step]
#[doc = concat!("A", " ", "step.")]
pub fn described() {}

fn main() {}
