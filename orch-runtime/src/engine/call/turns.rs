//! Calling a step again and again until it breaks.

use std::time::Duration;

use orch_core::error::{ErrorKind, NodeError};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::{Call, Failed};
use crate::engine::journaled::keep_referred;
use crate::engine::strand::node_error;
use crate::engine::under_way::Doing;
use crate::engine::wait;
use crate::program::Done;
use crate::store::{EntryKind, Millis};

/// A turn of a repeated step as it is kept.
#[derive(Serialize, Deserialize)]
struct KeptTurn {
    /// When it begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<Millis>,
    /// The state that it begins with.
    state: Option<Box<RawValue>>,
}

impl Call<'_> {
    /// Calls again and again until the step breaks.
    pub(super) async fn repeat(&self, max: u32, every: Option<Duration>) -> Result<Done, Failed> {
        let mut due = Instant::now();
        for turn in 0..max {
            let turned = Self { turn, ..*self };
            let done = turned.chain().await?;
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

    /// The same, with each turn recorded, from the first one that was not.
    pub(super) async fn repeat_recorded(
        &self,
        max: u32,
        every: Option<Duration>,
    ) -> Result<Done, Failed> {
        let run = self.frame.run();
        let Some(record) = &run.journal else {
            return self.repeat(max, every).await;
        };
        let instance = record.instance(self.frame, self.node);
        let clock = &record.durability.clock;
        let every = every.map(|every| i64::try_from(every.as_millis()).unwrap_or(i64::MAX));
        let mut due = clock.now();
        let mut first = 0;
        if let Some((turn, kept)) = record
            .known(&instance)
            .and_then(|known| known.turn.as_ref())
        {
            match self.recall_turn(*turn, kept) {
                Ok(next) => (first, due) = (*turn, next.unwrap_or(due)),
                Err(error) => {
                    let reason = format!(
                        "what was recorded of `{instance}#{turn}` no longer fits its type: {error}"
                    );
                    record.park(reason).await;
                }
            }
            self.turn_due(due).await;
        }
        for turn in first..max {
            let turned = Self { turn, ..*self };
            let done = turned.chain().await?;
            if !done.wants_more() {
                return Ok(done);
            }
            due = every.map_or(due, |every| due.saturating_add(every));
            let (state, refers) = done.into_recorded();
            let kept = keep_referred(record, self.frame, self.node, refers).await;
            kept.map_err(Failed::last)?;
            let kept = KeptTurn {
                due: every.map(|_| due),
                state: state.and_then(|json| RawValue::from_string(json).ok()),
            };
            let next = format!("{instance}#{}", turn + 1);
            let kept = serde_json::to_string(&kept).ok();
            record
                .add(record.entry(self.frame, next, EntryKind::Turn, kept))
                .await;
            if every.is_some() {
                self.turn_due(due).await;
            }
        }
        Err(Failed::last(self.too_many_turns(max)))
    }

    /// Places the state that a turn begins with; gives when it is due.
    fn recall_turn(&self, turn: u32, kept: &str) -> Result<Option<Millis>, serde_json::Error> {
        let kept: KeptTurn = serde_json::from_str(kept)?;
        if let Some(state) = kept.state {
            wait::restored(self.frame, self.node, turn, state.get())?;
        }
        Ok(kept.due)
    }

    fn too_many_turns(&self, max: u32) -> NodeError {
        let message = format!("it did not break within {max} turns");
        node_error(self.frame, self.node, ErrorKind::TooManyTurns, 0, message)
    }

    /// Waits until the turn that begins then.
    async fn turn_due(&self, due: Millis) {
        self.does(Doing::OnPurpose);
        wait::turn_due(self.frame.run(), due).await;
        self.does(Doing::Beginning);
    }
}
