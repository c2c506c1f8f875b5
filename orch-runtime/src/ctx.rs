//! What a call of a step knows of the run it belongs to.

use std::sync::Arc;

/// What generated code passes through a call.
#[derive(Debug)]
pub struct Cx {
    ctx: StepCtx,
    asks_facts: bool,
}

impl Cx {
    /// Whether the call is asked for its keys instead of an attempt.
    #[must_use]
    pub fn asks_facts(&self) -> bool {
        self.asks_facts
    }

    /// The step's context.
    #[must_use]
    pub fn ctx(&self) -> &StepCtx {
        &self.ctx
    }

    /// The resource of this type.
    #[must_use]
    pub fn resource<R: ?Sized + Send + Sync + 'static>(&self) -> &R {
        unreachable!()
    }
}

/// What a step can ask about the run it belongs to: `#[ctx] ctx: &StepCtx`.
#[derive(Debug)]
pub struct StepCtx {
    _inner: Arc<()>,
}
