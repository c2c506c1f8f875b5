//! JSON, as far as what is compiled without the feature `json` has to name it.

#[cfg(feature = "json")]
pub use serde_json::{Error, Value};

/// Why a value could not go into JSON or come out of it: without the feature `json` none is to.
#[cfg(not(feature = "json"))]
#[derive(Debug)]
pub enum Error {}

/// A value as JSON, of which there is none without the feature `json`.
#[cfg(not(feature = "json"))]
#[derive(Debug, Clone, PartialEq)]
pub enum Value {}

#[cfg(not(feature = "json"))]
impl std::fmt::Display for Error {
    fn fmt(&self, _f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {}
    }
}

#[cfg(not(feature = "json"))]
impl std::error::Error for Error {}
