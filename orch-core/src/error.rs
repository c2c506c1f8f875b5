//! What went wrong: in a node ([`NodeError`]) and in a run ([`RunError`]).

mod cause;
mod node;
mod run;

pub use self::cause::{AnyError, BoxError, Cause, SourceOf};
pub use self::node::{ErrorKind, NodeError, Place};
pub use self::run::{Failure, RunError};
