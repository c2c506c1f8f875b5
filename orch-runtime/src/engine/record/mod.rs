//! What is recorded of a durable run: its history, taken in again, and what is added to it.

mod errors;
mod ledger;

use std::ops::Deref;
use std::sync::Arc;

use orch_core::error::NodeError;
use orch_core::plan::WorkflowSpec;
use orch_core::run::RunStatus;

pub(crate) use self::errors::{Errors, KeptError};
pub(crate) use self::ledger::{Ledger, Left, Next, Phase, Steered};
use super::children::{self, ChildBegan};
use super::frame::Frame;
use super::known::Known;
use crate::artifact::restoring;
use crate::store::Json;

/// What is recorded of a durable run, as that run or one inside it sees it.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    ledger: Arc<Ledger>,
    /// The node of the outermost run whose run this is, and a slash; empty for the outermost run itself.
    within: String,
    /// What of the run's id follows that of the outermost run: empty for that one, `audit` of `order-42/audit`.
    derived: String,
    /// Whether nothing that was recorded is about this run: it is another attempt of its node.
    fresh: bool,
    /// Whether it had ended, as the run around it had begun to undo what it had done.
    had_ended: bool,
    errors: Errors,
}

impl Deref for Record {
    type Target = Ledger;

    fn deref(&self) -> &Ledger {
        &self.ledger
    }
}

impl Record {
    pub(crate) fn new(ledger: Ledger, errors: Errors) -> Self {
        Self {
            ledger: Arc::new(ledger),
            within: String::new(),
            derived: String::new(),
            fresh: false,
            had_ended: false,
            errors,
        }
    }

    /// The same record for the run inside a node, with what of its id follows that of this one: of this turn, tier and
    /// attempt.
    pub(crate) fn inside(
        &self,
        (frame, node): (&Frame, usize),
        id: &str,
        call: (u32, usize, u32),
        errors: Errors,
    ) -> Self {
        let instance = self.instance(frame, node);
        let recorded = self.known(&instance).map_or((0, 0, 1), Known::call);
        let derived = match self.derived.as_str() {
            "" => id.to_owned(),
            own => format!("{own}/{id}"),
        };
        Self {
            ledger: Arc::clone(&self.ledger),
            within: format!("{instance}/"),
            derived,
            fresh: self.fresh || call != recorded,
            had_ended: self.had_ended(frame, node),
            errors,
        }
    }

    /// Puts on record that the run inside a node begins, along with whatever is recorded next.
    pub(crate) fn child_begins(&self, around: &Self, spec: &WorkflowSpec) {
        let name = children::entry_name(&self.derived);
        if self.known(&name).is_none() {
            let instance = self.within.trim_end_matches('/');
            let began = ChildBegan::of(spec, instance, &around.derived);
            self.ride(name, began.into_json());
        }
    }

    /// Puts on record how the run inside a node ended, along with whatever is recorded next.
    pub(crate) fn child_ended(&self, status: RunStatus) {
        let name = children::entry_name(&self.derived);
        let ended = children::ended(status);
        let known = self.known(&name).and_then(|known| known.end.as_ref());
        if known.is_none_or(|(_, value)| value.as_ref() != Some(&ended)) {
            self.ride(name, ended);
        }
    }

    /// What was recorded of a node or an item before the run was taken up.
    pub(crate) fn known(&self, instance: &str) -> Option<&Known> {
        if self.fresh {
            return None;
        }
        self.ledger.known.get(instance)
    }

    /// Whether anything was recorded of a workflow inside a node before the run was taken up.
    pub(crate) fn has_inside(&self, instance: &str) -> bool {
        let from = format!("{instance}/");
        let first = self.ledger.known.range(from.clone()..).next();
        !self.fresh && first.is_some_and(|(name, _)| name.starts_with(&from))
    }

    /// Puts on record that the run begins to undo what it has done, along with whatever is recorded next.
    pub(crate) fn undoing_begins(&self) {
        if !self.was_undoing() {
            self.ride(self.undoing(), "true".to_owned());
        }
    }

    fn was_undoing(&self) -> bool {
        self.has_history() && self.known(&self.undoing()).is_some()
    }

    /// Whether a node had ended when the run was taken up, as that had begun to undo what it had done: it is too late to
    /// call what was not called by then.
    pub(crate) fn had_ended(&self, frame: &Frame, node: usize) -> bool {
        self.had_ended || (self.was_undoing() && !frame.is_finally(node))
    }

    /// The entry that says that the run undoes what it has done.
    fn undoing(&self) -> String {
        format!("{UNDOING}{}", self.derived)
    }

    /// Whether anything may have been recorded before the run was taken up.
    pub(crate) fn has_history(&self) -> bool {
        !self.fresh && !self.ledger.known.is_empty()
    }

    /// Whether it is that of the outermost run.
    pub(crate) fn is_outermost(&self) -> bool {
        self.within.is_empty()
    }

    /// A node's failure as it is kept, and whether what failed may have done what it was to do.
    pub(crate) fn encode_failure(
        &self,
        frame: &Frame,
        node: usize,
        error: &NodeError,
        in_doubt: bool,
    ) -> Json {
        let services = &frame.run().services;
        let tiers = &frame.layout.nodes[node].tiers;
        let tier = tiers.iter().find(|tier| tier.step() == error.step());
        let breaker = tier.and_then(|tier| {
            let policy = services.policies(tier).breaker?;
            services.registry().breaker(tier.owner(), policy).ok()
        });
        self.errors.encode_with(error, |kept| {
            kept.in_doubt = in_doubt;
            kept.breaker = breaker.map(|breaker| breaker.state().to_string());
        })
    }

    /// What undoing a tier failed with, as it is kept.
    pub(crate) fn encode_undo_failure(&self, error: &NodeError, tier: usize) -> Json {
        self.errors.encode_with(error, |kept| kept.tier = tier)
    }

    /// Whether what failed with an error that was kept may have done what it was to do.
    pub(crate) fn leaves_in_doubt(json: &str) -> bool {
        serde_json::from_str::<KeptError>(json).is_ok_and(|kept| kept.in_doubt)
    }

    /// A node's error as it was kept.
    pub(crate) fn decode_error(&self, frame: &Frame, node: usize, json: &str) -> NodeError {
        let run = frame.run();
        let place = |kept: &KeptError| {
            let layout = &frame.layout.nodes[node];
            let named = layout.tiers.iter().find(|tier| tier.step() == kept.step);
            let step = named.map_or(layout.step(), |tier| tier.step());
            run.place(frame, node, step)
        };
        restoring(Some(self.home()), Vec::new(), || {
            self.errors.decode(json, place)
        })
    }

    /// What entries about a node in a frame are kept under: its path and its items.
    pub(crate) fn instance(&self, frame: &Frame, node: usize) -> String {
        let own = frame.instance(node);
        if self.within.is_empty() {
            return own;
        }
        format!("{}{own}", self.within)
    }
}

/// What the entries begin with that say that a run undoes what it has done.
pub(crate) const UNDOING: &str = "@undoing/";

/// The entry that says up to which signal operators' wishes are done with.
pub(crate) const RETRIED: &str = "@retried";

/// The entry that says how many times a call was undone and then made again, under the call's own name.
pub(crate) fn made_again(instance: &str) -> String {
    format!("@again/{instance}")
}
