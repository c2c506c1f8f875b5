//! The analysis as a workflow: the steps, and what each of them waits for.

use std::io;
use std::path::{Path, PathBuf};

use orch::prelude::*;
use thiserror::Error;

use crate::collection::{Collection, Document};
use crate::prose::Prose;
use crate::quality::Quality;
use crate::readability::Readability;
use crate::report;
use crate::sources::{self, Problem, ReadError, Sources, Text};
use crate::topics::Topics;

workflow! {
    /// Measures each document on its own, compares them, and writes what was found.
    #[workflow(version = "1.0.0")]
    pub ContentAnalysis(paths: Vec<PathBuf>, out: PathBuf) -> Analysis {
        found = find(&paths);

        // A document that cannot be read is a result too, so all of them may fail.
        #[node(concurrency = 16, tolerate = "100%")]
        documents = for path in &found.files {
            text = read(path);
            prose = clean(&text);
            readability = measure_readability(&prose);
            quality = assess_quality(&prose);
            topics = extract_topics(&prose);
            describe(path, &prose, readability, quality, topics)
        };

        collection = compare(&found, documents);
        page = write_page(&out, &collection);
        data = write_data(&out, &collection);

        Analysis { collection: collection.clone(), page, data }
    }
}

/// What an analysis gives.
#[derive(Debug)]
pub struct Analysis {
    /// The documents, compared.
    pub collection: Collection,
    /// Where the page was written.
    pub page: PathBuf,
    /// Where the JSON file was written.
    pub data: PathBuf,
}

/// Finds the documents.
#[step]
fn find(paths: &[PathBuf]) -> Sources {
    sources::find(paths)
}

/// Reads a document.
#[step(timeout = "10s")]
async fn read(path: &Path) -> Result<Text, ReadError> {
    sources::read(path).await
}

/// Takes a document's prose out of its markup.
#[step]
fn clean(text: &Text) -> Result<Prose, ReadError> {
    let prose = Prose::of(&text.text, text.format);
    if prose.blocks.is_empty() {
        Err(ReadError::NoProse)
    } else {
        Ok(prose)
    }
}

/// Measures how hard a text is to read.
#[step(cache_ttl = 600)]
fn measure_readability(prose: &Prose) -> Readability {
    Readability::of(prose)
}

/// Assesses how well a text is made.
#[step(cache_ttl = 600)]
fn assess_quality(prose: &Prose) -> Quality {
    Quality::of(prose)
}

/// Finds what a text is about.
#[step(cache_ttl = 600)]
fn extract_topics(prose: &Prose) -> Topics {
    Topics::of(prose)
}

/// Puts a document's measures together, and notes which of them the cache gave.
#[step]
fn describe(
    path: &Path,
    prose: &Prose,
    readability: Readability,
    quality: Quality,
    topics: Topics,
    #[ctx] ctx: &StepCtx,
) -> Document {
    let measures = ["readability", "quality", "topics"];
    let cached = measures
        .into_iter()
        .filter(|node| matches!(ctx.origin(node), Some(Origin::Cache { .. })));
    let title = prose
        .title
        .clone()
        .or_else(|| Some(path.file_name()?.to_string_lossy().into_owned()));
    Document {
        path: path.to_owned(),
        title: title.unwrap_or_default(),
        prose: prose.clone(),
        readability,
        quality,
        topics,
        cached: cached.collect(),
        same_text_as: None,
        own_terms: Vec::new(),
    }
}

/// Compares the documents, and gathers what went wrong with the others.
#[step]
fn compare(found: &Sources, documents: Vec<Result<Document, NodeError>>) -> Collection {
    let mut problems = found.problems.clone();
    let mut measured = Vec::new();
    for (path, document) in found.files.iter().zip(documents) {
        match document {
            Ok(document) => measured.push(document),
            Err(error) => problems.push(Problem {
                path: path.clone(),
                reason: error.message().to_owned(),
            }),
        }
    }
    Collection::of(measured, problems)
}

/// Writes the page.
#[step]
async fn write_page(out: &Path, collection: &Collection) -> Result<PathBuf, WriteError> {
    write(out.join("report.html"), report::page(collection)).await
}

/// Writes the JSON file.
#[step]
async fn write_data(out: &Path, collection: &Collection) -> Result<PathBuf, WriteError> {
    let path = out.join("report.json");
    match serde_json::to_string_pretty(collection) {
        Ok(data) => write(path, data + "\n").await,
        Err(error) => Err(WriteError {
            path,
            reason: error.into(),
        }),
    }
}

/// A file that could not be written.
#[derive(Debug, Error)]
#[error("cannot write {}: {reason}", path.display())]
struct WriteError {
    path: PathBuf,
    reason: io::Error,
}

async fn write(path: PathBuf, text: String) -> Result<PathBuf, WriteError> {
    let written = async {
        if let Some(directory) = path.parent() {
            tokio::fs::create_dir_all(directory).await?;
        }
        tokio::fs::write(&path, text).await
    };
    match written.await {
        Ok(()) => Ok(path),
        Err(reason) => Err(WriteError { path, reason }),
    }
}
