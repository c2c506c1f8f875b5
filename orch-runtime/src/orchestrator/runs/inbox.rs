//! The inbox: nodes with `notify_human` that failed for good, until somebody has done something about them.

use std::collections::HashMap;

use orch_core::run::RunId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Runs, SteerError};
use crate::store::{Change, EntryKind, History, Millis};

/// Where items are kept, each under its run, its node and its time.
const SPACE: &str = "inbox";

/// A node that wants somebody's attention.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InboxItem {
    /// The run.
    pub run: RunId,
    /// Its workflow's name.
    pub workflow: String,
    /// The node, with the items around it: `parcels/pack/3`.
    pub node: String,
    /// What it failed with, as it is recorded: with code, node, step, attempt and message.
    pub error: Value,
    /// When its attempts were used up, in milliseconds since the Unix epoch.
    pub at: Millis,
}

/// An item as it is kept.
#[derive(Serialize, Deserialize)]
struct KeptItem {
    run: String,
    node: String,
    error: Value,
    at: Millis,
}

/// Keeps that a node wants attention; whether that still holds is seen in the run's own record.
pub(crate) fn keep(run: &RunId, node: &str, error: &str, at: Millis) -> Change {
    let item = KeptItem {
        run: run.as_str().to_owned(),
        node: node.to_owned(),
        error: serde_json::from_str(error).unwrap_or_default(),
        at,
    };
    Change::Put {
        space: SPACE,
        key: format!("{run}/{node}@{at}"),
        // Every part of it has a place in JSON.
        value: serde_json::to_string(&item).unwrap_or_else(|_| "{}".to_owned()),
        expires_at: None,
    }
}

impl Runs {
    /// The nodes with `notify_human` that failed for good and that nobody has done anything about: the oldest first.
    ///
    /// An item is there once, however often its run is taken up, until its run is retried, its node is skipped or its
    /// run is forgotten, or somebody [dismisses](Self::dismiss) it.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn inbox(&self) -> Result<Vec<InboxItem>, SteerError> {
        let (mut items, mut gone) = (Vec::new(), Vec::new());
        let mut histories: HashMap<String, Option<History>> = HashMap::new();
        for (key, item) in self.kept_items().await? {
            if !histories.contains_key(&item.run) {
                let history = match self.history(&item.run).await {
                    Ok(history) => Some(history),
                    Err(SteerError::NoRun { .. }) => None,
                    Err(error) => return Err(error),
                };
                histories.insert(item.run.clone(), history);
            }
            let history = histories.get(&item.run).and_then(Option::as_ref);
            let stands = history.map(|history| (item.stands(history), &history.run.workflow));
            match stands {
                Some((Standing::Open, workflow)) => items.push(InboxItem {
                    run: RunId::new(item.run),
                    workflow: workflow.clone(),
                    node: item.node,
                    error: item.error,
                    at: item.at,
                }),
                Some((Standing::Gone, _)) | None => gone.push(key),
                Some((Standing::Unknown, _)) => {}
            }
        }
        let journal = &self.durability.journal;
        let forgotten = gone
            .into_iter()
            .map(|key| journal.submit(Change::Remove { space: SPACE, key }));
        for forgotten in forgotten.collect::<Vec<_>>() {
            // What cannot be removed now is found again the next time.
            let _ = forgotten.await;
        }
        items.sort_by_key(|item| item.at);
        Ok(items)
    }

    /// Takes what a node of a run wants out of the inbox: somebody saw it, and there is nothing to do.
    ///
    /// # Errors
    /// If there is no such item, or the store cannot be read or written.
    pub async fn dismiss(&self, id: &str, node: &str) -> Result<(), SteerError> {
        let of = |item: &KeptItem| item.run == id && item.node == node;
        let items = self.kept_items().await?.into_iter();
        let keys: Vec<String> = items
            .filter(|(_, item)| of(item))
            .map(|(key, _)| key)
            .collect();
        if keys.is_empty() {
            return Err(SteerError::node(node, "is not in the inbox"));
        }
        for key in keys {
            let run = RunId::new(id);
            self.submit(&run, Change::Remove { space: SPACE, key })
                .await?;
        }
        Ok(())
    }

    async fn kept_items(&self) -> Result<Vec<(String, KeptItem)>, SteerError> {
        let now = self.durability.clock.now();
        let asked = self
            .durability
            .journal
            .ask(move |store| store.scan(SPACE, now));
        let kept = asked.await.map_err(|error| SteerError::store(&error))?;
        let read = |(key, json): (String, String)| Some((key, serde_json::from_str(&json).ok()?));
        Ok(kept.into_iter().filter_map(read).collect())
    }
}

/// How an item stands.
enum Standing {
    /// The failure holds.
    Open,
    /// It does no longer.
    Gone,
    /// The failure is about to be recorded, or the node is called again.
    Unknown,
}

impl KeptItem {
    /// What the run's record says of it: it is kept just before its failure is recorded, with the same time.
    fn stands(&self, history: &History) -> Standing {
        let mut entries = history.entries.iter().rev();
        match entries.find(|entry| entry.node == self.node) {
            Some(last) if last.kind == EntryKind::Failed && last.at == self.at => Standing::Open,
            Some(last) if last.at > self.at => Standing::Gone,
            _ if history.run.status.is_ended() => Standing::Gone,
            _ => Standing::Unknown,
        }
    }
}
