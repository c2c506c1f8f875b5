//! What a value refers to, learned while it is serialized, and where that is, told while it is deserialized.
//!
//! Artifacts stand anywhere inside of values, and serde hands nothing on to what it calls. So what is being recorded or
//! restored is known to the thread for the length of that one call, which never waits.

use std::cell::RefCell;
use std::sync::{Arc, Weak};

use super::{ArtifactError, Blob, Keeper, Place};
use crate::store::RunKey;

/// The run whose value an artifact is, and who keeps what runs refer to.
#[derive(Clone)]
pub(crate) struct Home {
    /// Weak, so that a value that somebody holds on to keeps no store open.
    keeper: Weak<dyn Keeper>,
    run: RunKey,
    /// The same, of a test whose orchestrator ends before its result is looked at.
    held: Option<Arc<dyn Keeper>>,
}

impl Home {
    pub(crate) fn new(keeper: Weak<dyn Keeper>, run: RunKey) -> Self {
        Self {
            keeper,
            run,
            held: None,
        }
    }

    /// The same, which keeps the store open.
    #[cfg(feature = "testing")]
    pub(crate) fn holding(mut self) -> Self {
        self.held = self.keeper.upgrade();
        self
    }

    /// Whether it is kept for this run already.
    pub(super) fn is(&self, keeper: &dyn Keeper, run: RunKey) -> bool {
        self.run == run && self.is_of(keeper)
    }

    /// Whether it is in the same store.
    pub(super) fn is_of(&self, keeper: &dyn Keeper) -> bool {
        std::ptr::addr_eq(self.keeper.as_ptr(), keeper)
    }

    pub(super) async fn read(&self, digest: &Arc<str>) -> Result<Arc<[u8]>, ArtifactError> {
        let keeper = self.held.clone().or_else(|| self.keeper.upgrade());
        let keeper = keeper.ok_or_else(|| ArtifactError::gone(digest))?;
        match keeper.read(Arc::clone(digest)).await {
            Ok(Some(content)) => Ok(content.into()),
            Ok(None) => Err(ArtifactError::missing(digest)),
            Err(error) => Err(ArtifactError::store(digest, error)),
        }
    }
}

#[derive(Default)]
enum Scope {
    /// What is serialized is not recorded, and what is deserialized is of no run.
    #[default]
    None,
    Recording(Vec<Blob>),
    Restoring {
        home: Option<Home>,
        known: Vec<Blob>,
    },
}

thread_local! {
    static SCOPE: RefCell<Scope> = const { RefCell::new(Scope::None) };
}

/// Puts the scope back that was there before, should what is done within panic.
struct Within(Option<Scope>);

impl Within {
    fn enter(scope: Scope) -> Self {
        Self(Some(SCOPE.replace(scope)))
    }

    fn end(mut self) -> Scope {
        SCOPE.replace(self.0.take().unwrap_or_default())
    }
}

impl Drop for Within {
    fn drop(&mut self) {
        if let Some(before) = self.0.take() {
            SCOPE.set(before);
        }
    }
}

/// Serializes something that is to be recorded; gives what it refers to as well.
pub(crate) fn recording<R>(serialize: impl FnOnce() -> R) -> (R, Vec<Blob>) {
    let within = Within::enter(Scope::Recording(Vec::new()));
    let result = serialize();
    match within.end() {
        Scope::Recording(found) => (result, found),
        _ => (result, Vec::new()),
    }
}

/// Deserializes something that was recorded: what it refers to is known, or kept for a run.
pub(crate) fn restoring<R>(
    home: Option<Home>,
    known: Vec<Blob>,
    deserialize: impl FnOnce() -> R,
) -> R {
    let within = Within::enter(Scope::Restoring { home, known });
    let result = deserialize();
    within.end();
    result
}

/// Something that is being serialized refers to this.
pub(super) fn refer(blob: &Blob) {
    SCOPE.with_borrow_mut(|scope| {
        if let Scope::Recording(found) = scope
            && found.iter().all(|known| known.digest != blob.digest)
        {
            found.push(blob.clone());
        }
    });
}

/// What something refers to that is being deserialized.
pub(super) fn refers(digest: String, size: u64) -> Blob {
    SCOPE.with_borrow(|scope| {
        let place = match scope {
            Scope::Restoring { home, known } => {
                if let Some(blob) = known.iter().find(|known| *known.digest == *digest) {
                    return blob.clone();
                }
                home.clone().map_or(Place::Unknown, Place::Kept)
            }
            _ => Place::Unknown,
        };
        Blob {
            digest: digest.into(),
            size,
            place,
        }
    })
}
