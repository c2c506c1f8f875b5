//! JSON, as far as what is compiled without the feature `json` has to name it.

#[cfg(feature = "json")]
pub use serde_json::{Error, Value};

#[cfg(not(feature = "json"))]
pub use self::absent::{Error, Value};

#[cfg(not(feature = "json"))]
mod absent {
    use std::fmt;

    use crate::durable::Durable;
    use crate::step::KeyPart;

    /// A value as JSON, of which there is none.
    #[derive(Debug, Clone, PartialEq)]
    pub enum Value {}

    /// Why a value does not go into JSON, nor come out of it.
    #[derive(Debug)]
    pub struct Error;

    impl fmt::Display for Error {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("the feature `json` of `orch-rs` is left out")
        }
    }

    impl std::error::Error for Error {}

    // What wants JSON says at its own word that the feature is left out: that no type goes into JSON would only be said
    // once more, at each type.
    impl<T> Durable for T {
        fn encode(&self) -> Result<String, Error> {
            Err(Error)
        }

        fn decode(_json: &str) -> Result<Self, Error> {
            Err(Error)
        }
    }

    impl<T: ?Sized> KeyPart for T {
        fn write(&self, _key: &mut Vec<u8>) -> Result<(), Error> {
            Err(Error)
        }
    }
}
