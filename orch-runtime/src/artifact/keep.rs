//! Keeping what a value refers to, before anything is recorded that names it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::{ARTIFACT_LIMIT, ArtifactError, Blob, Place};
use crate::store::journal::JournalError;
use crate::store::{Applied, Change, NewArtifact, Refused, RunKey, StoreError};

/// What somebody who keeps artifacts will answer.
pub(crate) type Answering<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Who keeps artifacts.
///
/// A trait, so that what holds an artifact need not be looked into as deep as a store goes.
pub(crate) trait Keeper: Send + Sync {
    /// The content of this digest.
    fn read(&self, digest: Arc<str>) -> Answering<'_, Result<Option<Vec<u8>>, StoreError>>;

    /// Makes a change; it is kept when this is over.
    fn commit(&self, change: Change) -> Answering<'_, Result<Applied, JournalError>>;
}

/// Why what a value refers to is not kept.
#[derive(Debug)]
pub(crate) enum NotKept {
    /// The value is at fault.
    Value(ArtifactError),
    /// The store is, and nothing of the run can be recorded.
    Store(JournalError),
}

/// Keeps what a value of a run refers to: it is kept when this is over.
pub(crate) async fn keep(
    blobs: Vec<Blob>,
    keeper: &dyn Keeper,
    run: RunKey,
) -> Result<(), NotKept> {
    for blob in blobs {
        if matches!(&blob.place, Place::Kept(home) if home.is(keeper, run)) {
            continue;
        }
        let digest = Arc::clone(&blob.digest);
        let artifact = as_kept(blob, keeper).await.map_err(NotKept::Value)?;
        match keeper.commit(Change::PutArtifact { run, artifact }).await {
            Ok(_) => {}
            Err(JournalError::Refused(Refused::NoArtifact(_))) => {
                return Err(NotKept::Value(ArtifactError::missing(&digest)));
            }
            Err(error) => return Err(NotKept::Store(error)),
        }
    }
    Ok(())
}

/// What the input of a run refers to that is about to be started.
pub(crate) async fn to_be_kept(
    blobs: Vec<Blob>,
    keeper: &dyn Keeper,
) -> Result<Vec<NewArtifact>, ArtifactError> {
    let mut artifacts = Vec::with_capacity(blobs.len());
    for blob in blobs {
        artifacts.push(as_kept(blob, keeper).await?);
    }
    Ok(artifacts)
}

async fn as_kept(blob: Blob, keeper: &dyn Keeper) -> Result<NewArtifact, ArtifactError> {
    let content = match &blob.place {
        Place::Memory(content) => Some(Arc::clone(content)),
        // What the store has already is found by its digest.
        Place::Kept(home) if home.is_of(keeper) => None,
        Place::Kept(_) => Some(blob.read().await?),
        Place::Unknown => None,
    };
    match &content {
        Some(content) if content.len() > ARTIFACT_LIMIT => {
            Err(ArtifactError::too_large(content.len(), ARTIFACT_LIMIT))
        }
        _ => Ok(NewArtifact {
            digest: blob.digest.as_ref().to_owned(),
            content,
        }),
    }
}
