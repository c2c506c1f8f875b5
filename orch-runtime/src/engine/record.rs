//! What is recorded of a durable run.

/// What is recorded of a durable run.
#[derive(Debug)]
pub(crate) struct Record;
