//! Errors as they are recorded.

use orch_core::error::{Cause, ErrorKind, NodeError, Place};
use serde::{Deserialize, Serialize};

use crate::program::Workflow;
use crate::store::Json;

/// How a workflow's errors are kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Errors {
    encode: fn(&NodeError) -> Option<Json>,
    decode: fn(&str) -> Option<Cause>,
}

impl Errors {
    pub(crate) fn of<W: Workflow>() -> Self {
        Self {
            encode: |error| {
                let codec = W::codec()?;
                (codec.errors.encode)(error.cause::<W::Error>()?)
            },
            decode: |json| {
                let codec = W::codec()?;
                Some(Cause::typed((codec.errors.decode)(json)?, W::source))
            },
        }
    }

    /// An error as it is kept.
    pub(crate) fn encode(self, error: &NodeError) -> Json {
        self.encode_with(error, |_| {})
    }

    pub(super) fn encode_with(self, error: &NodeError, say: impl FnOnce(&mut KeptError)) -> Json {
        let mut kept = KeptError {
            code: error.code().into(),
            node: error.node().into(),
            step: error.step().into(),
            items: error.place().items.clone(),
            attempt: error.attempt(),
            message: error.message().into(),
            error: (self.encode)(error)
                .and_then(|json| serde_json::value::RawValue::from_string(json).ok()),
            breaker: None,
            in_doubt: false,
            tier: 0,
        };
        say(&mut kept);
        // Every part of it has a place in JSON.
        serde_json::to_string(&kept).unwrap_or_else(|_| "{}".to_owned())
    }

    /// An error as it was kept, at a place.
    pub(crate) fn decode(self, json: &str, place: impl FnOnce(&KeptError) -> Place) -> NodeError {
        let kept: KeptError = serde_json::from_str(json).unwrap_or_default();
        let place = place(&kept);
        let kind = ErrorKind::parse(&kept.code).unwrap_or(ErrorKind::Failed);
        let cause = kept.error.and_then(|json| (self.decode)(json.get()));
        NodeError::kept(kind, place, kept.attempt, kept.message, cause)
    }
}

/// An error as it is kept.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct KeptError {
    code: String,
    pub(crate) node: String,
    pub(crate) step: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) items: Vec<usize>,
    attempt: u32,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Box<serde_json::value::RawValue>>,
    /// How the breaker stands that it goes through, if it goes through one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) breaker: Option<String>,
    /// Whether what failed may have done what it was to do.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) in_doubt: bool,
    /// Of a failure to undo: which tier of a fallback chain.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) tier: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks for it")]
fn is_zero(tier: &usize) -> bool {
    *tier == 0
}
