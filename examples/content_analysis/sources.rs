//! Finding and reading the documents.

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use thiserror::Error;
use walkdir::{DirEntry, WalkDir};

use crate::prose::Format;

/// The largest file that is read, in bytes: a document is not larger, and a log is no document.
const LARGEST: u64 = 8 * 1024 * 1024;

/// Where the documents are.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Sources {
    /// The files, each once, in the order in which they were found.
    pub files: Vec<PathBuf>,
    /// What could not be searched.
    pub problems: Vec<Problem>,
}

/// Something that could not be analyzed, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file or directory.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

/// A file's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Text {
    /// What it says.
    pub text: String,
    /// How it is written.
    pub format: Format,
}

/// Why a file is no document.
#[derive(Debug, Error)]
pub enum ReadError {
    /// It cannot be read.
    #[error("{}", spoken(.0))]
    Unreadable(#[from] io::Error),
    /// It is neither a file nor a directory.
    #[error("not a regular file")]
    NotAFile,
    /// It is larger than what is read.
    #[error("larger than {} MiB", LARGEST / 1024 / 1024)]
    TooLarge,
    /// Its bytes are no text.
    #[error("not UTF-8: byte {0} begins no character")]
    NotUtf8(usize),
    /// It has no words outside of code, tables and markup.
    #[error("no prose in it")]
    NoProse,
}

/// An error of the operating system as one says it.
fn spoken(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

/// Finds the documents: files as they are named, directories with every Markdown and text file below them.
///
/// Directories that are hidden or named `target` or `node_modules` are passed over.
/// A file that does not exist is found all the same: reading it says what is wrong.
pub fn find(paths: &[PathBuf]) -> Sources {
    let mut sources = Sources::default();
    for path in paths {
        if path.is_dir() {
            sources.search(path);
        } else {
            sources.add(path.clone());
        }
    }
    sources
}

impl Sources {
    fn add(&mut self, file: PathBuf) {
        if !self.files.contains(&file) {
            self.files.push(file);
        }
    }

    fn search(&mut self, directory: &Path) {
        let before = (self.files.len(), self.problems.len());
        let entries = WalkDir::new(directory).sort_by_file_name().into_iter();
        for entry in entries.filter_entry(|entry| entry.depth() == 0 || is_searched(entry)) {
            match entry {
                Ok(entry) if entry.file_type().is_file() && format(entry.path()).is_some() => {
                    self.add(entry.into_path());
                }
                Ok(_) => {}
                Err(error) => {
                    let path = error.path().unwrap_or(directory).to_owned();
                    let reason = error.io_error().map_or_else(|| error.to_string(), spoken);
                    self.problems.push(Problem { path, reason });
                }
            }
        }
        if before == (self.files.len(), self.problems.len()) {
            self.problems.push(Problem {
                path: directory.to_owned(),
                reason: "no Markdown or text files in it".to_owned(),
            });
        }
    }
}

fn is_searched(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    let built = entry.file_type().is_dir() && ["target", "node_modules"].contains(&name.as_ref());
    !built && !name.starts_with('.')
}

/// How a file of this name is written; `None` if it is no document.
fn format(path: &Path) -> Option<Format> {
    let extension = path.extension()?.to_string_lossy().to_lowercase();
    match extension.as_str() {
        "md" | "markdown" => Some(Format::Markdown),
        "txt" | "text" => Some(Format::Plain),
        _ => None,
    }
}

/// Reads a file. One of an unknown extension is taken for plain text.
pub async fn read(path: &Path) -> Result<Text, ReadError> {
    let about = tokio::fs::metadata(path).await?;
    if !about.is_file() {
        return Err(ReadError::NotAFile);
    }
    if about.len() > LARGEST {
        return Err(ReadError::TooLarge);
    }
    let bytes = tokio::fs::read(path).await?;
    let text = String::from_utf8(bytes)
        .map_err(|error| ReadError::NotUtf8(error.utf8_error().valid_up_to()))?;
    Ok(Text {
        text,
        format: format(path).unwrap_or(Format::Plain),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn directories_are_searched_and_files_taken_as_named() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in [
            "b.md",
            "a.txt",
            "code.rs",
            "sub/c.MD",
            ".hidden/x.md",
            "target/y.md",
        ] {
            fs::create_dir_all(at(name).parent().unwrap()).unwrap();
            fs::write(at(name), "text").unwrap();
        }
        let found = find(&[
            dir.path().to_owned(),
            at("b.md"),
            at("code.rs"),
            at("missing.md"),
        ]);
        let expected = ["a.txt", "b.md", "sub/c.MD", "code.rs", "missing.md"].map(at);
        assert_eq!(found.files, expected);
        assert_eq!(found.problems, []);
    }

    #[test]
    fn a_directory_without_documents_is_a_problem() {
        let dir = tempfile::tempdir().unwrap();
        let found = find(&[dir.path().to_owned()]);
        assert_eq!(found.problems.len(), 1);
        assert_eq!(found.problems[0].reason, "no Markdown or text files in it");
    }

    #[tokio::test]
    async fn what_cannot_be_read_says_why() {
        let dir = tempfile::tempdir().unwrap();
        let latin = dir.path().join("latin.txt");
        fs::write(&latin, b"caf\xe9 au lait").unwrap();
        let large = dir.path().join("large.md");
        fs::File::create(&large)
            .unwrap()
            .set_len(LARGEST + 1)
            .unwrap();
        for (path, expected) in [
            (dir.path().join("missing.md"), "no such file or directory"),
            (dir.path().to_owned(), "not a regular file"),
            (latin, "not UTF-8: byte 3 begins no character"),
            (large, "larger than 8 MiB"),
        ] {
            let error = read(&path).await.unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
    }

    #[tokio::test]
    async fn a_text_knows_how_it_is_written() {
        let dir = tempfile::tempdir().unwrap();
        for (name, format) in [
            ("a.Markdown", Format::Markdown),
            ("a.txt", Format::Plain),
            ("NOTES", Format::Plain),
        ] {
            let path = dir.path().join(name);
            fs::write(&path, "# Hello").unwrap();
            let text = read(&path).await.unwrap();
            assert_eq!((text.text.as_str(), text.format), ("# Hello", format));
        }
    }
}
