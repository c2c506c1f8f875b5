//! Ids for runs that were not given one.

use orch_core::run::RunId;
use uuid::Uuid;

/// An id that no other run has; ids ascend with time.
pub(crate) fn fresh() -> RunId {
    let mut text = Uuid::encode_buffer();
    RunId::new(&*Uuid::now_v7().hyphenated().encode_lower(&mut text))
}
