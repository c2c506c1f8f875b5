//! The turns of a repeated step, each of which is recorded.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{keep_referred, waits};
use crate::durable::millis;
use crate::engine::call::{Call, Failed};
use crate::engine::record::Record;
use crate::engine::under_way::Doing;
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
    /// Calls again and again until the step breaks, with each turn recorded, from the first one that was not.
    pub(in crate::engine) async fn repeat_recorded(
        &self,
        record: &Record,
        max: u32,
        every: Option<Duration>,
    ) -> Result<Done, Failed> {
        let instance = record.instance(self.frame, self.node);
        let clock = &record.durability.clock;
        let every = every.map(millis);
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
            self.turn_due(record, due).await;
        }
        for turn in first..max {
            let done = self.in_turn(turn).await?;
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
                self.turn_due(record, due).await;
            }
        }
        Err(Failed::last(self.too_many_turns(max)))
    }

    /// Places the state that a turn begins with; gives when it is due.
    fn recall_turn(&self, turn: u32, kept: &str) -> Result<Option<Millis>, serde_json::Error> {
        let kept: KeptTurn = serde_json::from_str(kept)?;
        if let Some(state) = kept.state {
            waits::restored(self.frame, self.node, turn, state.get())?;
        }
        Ok(kept.due)
    }

    /// Waits until the turn that begins then.
    async fn turn_due(&self, record: &Record, due: Millis) {
        self.does(Doing::OnPurpose);
        waits::due(record, Some(due)).await;
        self.does(Doing::Beginning);
    }
}
