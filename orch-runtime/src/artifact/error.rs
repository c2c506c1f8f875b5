use std::error::Error;
use std::fmt;

use orch_core::error::BoxError;

/// Why an artifact could not be made or read.
#[derive(Debug)]
pub struct ArtifactError {
    kind: ArtifactErrorKind,
    message: String,
    source: Option<BoxError>,
}

/// What kind of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ArtifactErrorKind {
    /// The value does not serialize to JSON, or refers to another artifact.
    Encoding,
    /// The content is not a value of this type.
    Decoding,
    /// Nobody keeps the content, or its orchestrator is gone.
    Missing,
    /// It is larger than a store takes.
    TooLarge,
    /// The store that keeps it failed.
    Store,
}

impl ArtifactErrorKind {
    /// A code that does not change between versions.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Encoding => "artifact_encoding",
            Self::Decoding => "artifact_decoding",
            Self::Missing => "artifact_missing",
            Self::TooLarge => "artifact_too_large",
            Self::Store => "artifact_store",
        }
    }
}

impl ArtifactError {
    fn new(kind: ArtifactErrorKind, message: String, source: Option<BoxError>) -> Self {
        Self {
            kind,
            message,
            source,
        }
    }

    pub(super) fn encoding(error: serde_json::Error) -> Self {
        let message = format!("what is to be an artifact does not serialize to JSON: {error}");
        Self::new(ArtifactErrorKind::Encoding, message, Some(error.into()))
    }

    pub(super) fn nested() -> Self {
        let message = "what is to be an artifact refers to another one, which nothing would keep: put them beside each other";
        Self::new(ArtifactErrorKind::Encoding, message.to_owned(), None)
    }

    pub(super) fn decoding(digest: &str, error: serde_json::Error) -> Self {
        let message = format!("artifact {digest} is not of this type: {error}");
        Self::new(ArtifactErrorKind::Decoding, message, Some(error.into()))
    }

    pub(super) fn missing(digest: &str) -> Self {
        let message = format!(
            "artifact {digest} is not kept any more: the runs that referred to it were deleted"
        );
        Self::new(ArtifactErrorKind::Missing, message, None)
    }

    pub(super) fn unknown(digest: &str) -> Self {
        let message = format!(
            "nobody knows where artifact {digest} is: it was read from JSON that is of no run"
        );
        Self::new(ArtifactErrorKind::Missing, message, None)
    }

    pub(super) fn gone(digest: &str) -> Self {
        let message =
            format!("artifact {digest} cannot be read: the orchestrator that it is of is gone");
        Self::new(ArtifactErrorKind::Missing, message, None)
    }

    pub(super) fn too_large(size: usize, limit: usize) -> Self {
        let message = format!(
            "it refers to an artifact of {size} bytes, and one may have {limit}: keep it elsewhere, and give its address"
        );
        Self::new(ArtifactErrorKind::TooLarge, message, None)
    }

    pub(super) fn store(digest: &str, error: impl Into<BoxError> + fmt::Display) -> Self {
        let message = format!("artifact {digest} could not be kept or read: {error}");
        Self::new(ArtifactErrorKind::Store, message, Some(error.into()))
    }

    /// What kind of failure it is.
    #[must_use]
    pub const fn kind(&self) -> ArtifactErrorKind {
        self.kind
    }

    /// A code that does not change between versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.kind.code()
    }
}

impl fmt::Display for ArtifactError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for ArtifactError {
    // Shown in full by `Display`, so the source is what lies beneath.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().and_then(Error::source)
    }
}
