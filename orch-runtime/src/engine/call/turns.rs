//! Calling a step again and again until it breaks.

use std::time::Duration;

use orch_core::error::{ErrorKind, NodeError};
use tokio::time::Instant;

use super::{Call, Failed};
use crate::engine::strand::node_error;
use crate::program::Done;

impl Call<'_> {
    /// Calls again and again until the step breaks.
    pub(super) async fn repeat(&self, max: u32, every: Option<Duration>) -> Result<Done, Failed> {
        let mut due = Instant::now();
        for turn in 0..max {
            let done = self.in_turn(turn).await?;
            if !done.wants_more() {
                return Ok(done);
            }
            if let Some(every) = every {
                due += every;
                tokio::time::sleep_until(due).await;
            }
        }
        Err(Failed::last(self.too_many_turns(max)))
    }

    /// One turn.
    pub(in crate::engine) async fn in_turn(&self, turn: u32) -> Result<Done, Failed> {
        let turned = Self { turn, ..*self };
        turned.chain().await
    }

    pub(in crate::engine) fn too_many_turns(&self, max: u32) -> NodeError {
        let message = format!("it did not break within {max} turns");
        node_error(self.frame, self.node, ErrorKind::TooManyTurns, 0, message)
    }
}
