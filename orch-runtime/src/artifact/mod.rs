//! Values that are passed by reference: their content is kept once, under its digest, and the journal has only that.

mod error;
mod keep;
mod scope;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use self::error::{ArtifactError, ArtifactErrorKind};
pub(crate) use self::keep::{Answering, Keeper, NotKept, keep, to_be_kept};
pub(crate) use self::scope::{Home, recording, restoring};
use crate::digest::digest;

/// How many bytes an artifact may have: 512 MiB.
pub(crate) const ARTIFACT_LIMIT: usize = 512 * 1024 * 1024;

/// A value that is passed by reference, for what is too large for a journal: a document, an image, a table.
///
/// A step gives one and other steps take it, as any value. In a durable run, its content is kept in the store before
/// anything is recorded that refers to it; what is recorded is its digest and its size. From then on it is read when
/// somebody asks for it, after a restart too, and is in memory no longer than that. In a run that is not durable it is
/// simply shared.
///
/// Content is kept once, however many refer to it, and for as long as there is a run whose values, input or result
/// refer to it: it goes when the last of them is deleted.
///
/// Two artifacts are equal if their contents are. As a part of a cache key it stands for its content.
///
/// ```
/// use orch_runtime::artifact::{Artifact, ArtifactError};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), ArtifactError> {
/// let table = Artifact::new(&vec![(1, "one"), (2, "two")])?;
/// let page = Artifact::from(b"%PDF-1.7".to_vec());
///
/// assert_eq!(page.size(), 8);
/// assert_eq!(&*page.read().await?, b"%PDF-1.7");
/// let copy: Artifact<Vec<(u32, String)>> = table.cast();
/// assert_eq!(copy.get().await?[1], (2, "two".to_owned()));
/// # Ok(())
/// # }
/// ```
pub struct Artifact<T: ?Sized = [u8]> {
    blob: Blob,
    of: PhantomData<fn() -> T>,
}

/// Some content, or where it is to be had.
#[derive(Clone)]
pub(crate) struct Blob {
    digest: Arc<str>,
    size: u64,
    place: Place,
}

#[derive(Clone)]
enum Place {
    /// Here.
    Memory(Arc<[u8]>),
    /// In a store.
    Kept(Home),
    /// Nobody knows: it was read from JSON that is of no run.
    Unknown,
}

/// An artifact as it is recorded.
#[derive(Serialize, Deserialize)]
struct Reference {
    digest: String,
    size: u64,
}

impl<T: Serialize> Artifact<T> {
    /// An artifact of a value, as JSON.
    ///
    /// # Errors
    /// If the value does not serialize to JSON, or refers to an artifact itself, which nothing would keep.
    pub fn new(value: &T) -> Result<Self, ArtifactError> {
        let (json, inside) = recording(|| serde_json::to_vec(value));
        let json = json.map_err(ArtifactError::encoding)?;
        if !inside.is_empty() {
            return Err(ArtifactError::nested());
        }
        Ok(Self::with(Blob::of(json.into())))
    }
}

impl<T: DeserializeOwned> Artifact<T> {
    /// The value.
    ///
    /// # Errors
    /// If its content cannot be [read](Self::read), or is no `T`.
    pub async fn get(&self) -> Result<T, ArtifactError> {
        let content = self.read().await?;
        serde_json::from_slice(&content)
            .map_err(|error| ArtifactError::decoding(self.digest(), error))
    }
}

impl<T: ?Sized> Artifact<T> {
    fn with(blob: Blob) -> Self {
        Self {
            blob,
            of: PhantomData,
        }
    }

    /// The content.
    ///
    /// # Errors
    /// If the store that keeps it cannot be read, if its orchestrator is gone, or if it is not kept any more, as the
    /// runs that referred to it were deleted.
    pub async fn read(&self) -> Result<Arc<[u8]>, ArtifactError> {
        self.blob.read().await
    }

    /// The SHA-256 digest of the content, in hexadecimal.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.blob.digest
    }

    /// How many bytes the content has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.blob.size
    }

    /// The same content, as that of another type: of bytes, or of what another version of a program calls it.
    #[must_use]
    pub fn cast<U: ?Sized>(&self) -> Artifact<U> {
        Artifact::with(self.blob.clone())
    }
}

impl From<Vec<u8>> for Artifact {
    fn from(content: Vec<u8>) -> Self {
        Self::from(Arc::from(content))
    }
}

impl From<&[u8]> for Artifact {
    fn from(content: &[u8]) -> Self {
        Self::from(Arc::from(content))
    }
}

impl From<Arc<[u8]>> for Artifact {
    fn from(content: Arc<[u8]>) -> Self {
        Self::with(Blob::of(content))
    }
}

impl Blob {
    fn of(content: Arc<[u8]>) -> Self {
        Self {
            digest: digest(&content).into(),
            size: content.len() as u64,
            place: Place::Memory(content),
        }
    }

    async fn read(&self) -> Result<Arc<[u8]>, ArtifactError> {
        match &self.place {
            Place::Memory(content) => Ok(Arc::clone(content)),
            Place::Kept(home) => home.read(&self.digest).await,
            Place::Unknown => Err(ArtifactError::unknown(&self.digest)),
        }
    }
}

impl<T: ?Sized> Clone for Artifact<T> {
    fn clone(&self) -> Self {
        self.cast()
    }
}

impl<T: ?Sized> fmt::Debug for Artifact<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.blob.fmt(f)
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Artifact")
            .field("digest", &self.digest)
            .field("size", &self.size)
            .finish()
    }
}

impl<T: ?Sized> PartialEq for Artifact<T> {
    fn eq(&self, other: &Self) -> bool {
        self.blob.digest == other.blob.digest
    }
}

impl<T: ?Sized> Eq for Artifact<T> {}

impl<T: ?Sized> Hash for Artifact<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.blob.digest.hash(state);
    }
}

impl<T: ?Sized> Serialize for Artifact<T> {
    /// As its digest and its size; whoever records a value learns from it what is to be kept with that.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        scope::refer(&self.blob);
        let reference = Reference {
            digest: self.digest().to_owned(),
            size: self.size(),
        };
        reference.serialize(serializer)
    }
}

impl<'de, T: ?Sized> Deserialize<'de> for Artifact<T> {
    /// From its digest and its size; whoever restores a value says where the content is.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Reference { digest, size } = Reference::deserialize(deserializer)?;
        Ok(Self::with(scope::refers(digest, size)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_no_longer_known_says_so() {
        let json = serde_json::to_string(&Artifact::from(b"page".to_vec())).unwrap();
        let read: Artifact = serde_json::from_str(&json).unwrap();
        assert_eq!(read.size(), 4);
        let error = read.read().await.unwrap_err();
        assert_eq!(error.kind(), ArtifactErrorKind::Missing);
        assert!(error.to_string().contains("of no run"), "{error}");
    }

    #[test]
    fn what_refers_to_another_is_refused() {
        let inner = Artifact::from(b"page".to_vec());
        let error = Artifact::new(&vec![inner]).unwrap_err();
        assert_eq!(error.kind(), ArtifactErrorKind::Encoding);
    }

    #[tokio::test]
    async fn content_of_another_type_says_so() {
        let text = Artifact::new(&"seven".to_owned()).unwrap();
        let error = text.cast::<u32>().get().await.unwrap_err();
        assert_eq!(error.kind(), ArtifactErrorKind::Decoding);
    }

    #[test]
    fn what_is_recorded_is_digest_and_size() {
        let page = Artifact::from(b"one".to_vec());
        let (json, found) = recording(|| serde_json::to_value([&page, &page]).unwrap());
        let digest = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed";
        let one = serde_json::json!({ "digest": digest, "size": 3 });
        assert_eq!(json, serde_json::json!([one, one]));
        assert_eq!(found.len(), 1, "it is kept once");
    }

    #[test]
    fn a_panic_ends_what_is_recorded() {
        struct Panics;
        impl Serialize for Panics {
            fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                panic!("no")
            }
        }
        let page = Artifact::from(b"one".to_vec());
        let ((), found) = recording(|| {
            let inner = || recording(|| serde_json::to_string(&(&page, Panics)));
            assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(inner)).is_err());
        });
        assert!(found.is_empty(), "it is of the recording inside");
        let (_, found) = recording(|| serde_json::to_string(&page));
        assert_eq!(found.len(), 1);
    }
}
