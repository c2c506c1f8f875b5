//! The documents of a collection, side by side.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::prose::Prose;
use crate::quality::Quality;
use crate::readability::Readability;
use crate::sources::Problem;
use crate::topics::Topics;

/// How many of its own terms a document is shown with.
const OWN_TERMS: usize = 6;

/// A document, measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Document {
    /// Where it is.
    pub path: PathBuf,
    /// Its first heading, or its file name.
    pub title: String,
    /// What it says.
    #[serde(skip)]
    pub prose: Prose,
    /// How hard it is to read.
    pub readability: Readability,
    /// How well it is made.
    pub quality: Quality,
    /// What it is about.
    pub topics: Topics,
    /// The measures that were taken from the cache, as another document of this text had been measured.
    pub cached: Vec<&'static str>,
    /// The first other document of the same text, by its place in the collection.
    pub same_text_as: Option<usize>,
    /// What sets it apart from the others: its terms of the highest TF-IDF weight.
    pub own_terms: Vec<String>,
}

/// The documents of a collection, compared.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Collection {
    /// The documents, in the order in which they were found.
    pub documents: Vec<Document>,
    /// How alike each document is to each, from 0 to 1.
    pub likeness: Vec<Vec<f64>>,
    /// What could not be analyzed.
    pub problems: Vec<Problem>,
}

impl Collection {
    /// Compares documents.
    pub fn of(mut documents: Vec<Document>, problems: Vec<Problem>) -> Self {
        let weights: Vec<Weights> = weights(&documents).into_iter().map(unit).collect();
        let likeness = weights
            .iter()
            .map(|a| weights.iter().map(|b| likeness(a, b)).collect())
            .collect();
        for idx in 0..documents.len() {
            let same =
                |other: &usize| *other != idx && documents[*other].prose == documents[idx].prose;
            documents[idx].same_text_as = (0..documents.len()).find(same);
            documents[idx].own_terms = own_terms(&weights[idx]);
        }
        Self {
            documents,
            likeness,
            problems,
        }
    }

    /// The documents' paths, without the directories that all of them share.
    pub fn names(&self) -> Vec<String> {
        names(
            self.documents
                .iter()
                .map(|document| document.path.as_path()),
        )
    }

    /// All words.
    pub fn words(&self) -> usize {
        self.documents
            .iter()
            .map(|document| document.readability.words)
            .sum()
    }

    /// How long an adult reads all of it, in minutes.
    pub fn minutes(&self) -> f64 {
        self.documents
            .iter()
            .map(|document| document.readability.minutes)
            .sum()
    }

    /// The middle one of a measure; `None` without documents.
    pub fn median(&self, measure: impl Fn(&Document) -> f64) -> Option<f64> {
        let mut values: Vec<f64> = self.documents.iter().map(measure).collect();
        values.sort_by(f64::total_cmp);
        let (low, high) = (
            values.get(values.len().checked_sub(1)? / 2)?,
            values.get(values.len() / 2)?,
        );
        Some(f64::midpoint(*low, *high))
    }

    /// How many documents took their measures from the cache.
    pub fn cached(&self) -> usize {
        self.documents
            .iter()
            .filter(|document| !document.cached.is_empty())
            .count()
    }

    /// The documents' indices, ordered by a measure, the highest first.
    pub fn ranked(&self, measure: impl Fn(&Document) -> f64) -> Vec<usize> {
        let mut ranked: Vec<usize> = (0..self.documents.len()).collect();
        ranked
            .sort_by(|a, b| measure(&self.documents[*b]).total_cmp(&measure(&self.documents[*a])));
        ranked
    }

    /// The two documents that are most alike without being equal.
    pub fn closest(&self) -> Option<(usize, usize, f64)> {
        let pairs = (0..self.documents.len()).flat_map(|a| (0..a).map(move |b| (b, a)));
        pairs
            .filter(|(a, b)| self.documents[*a].prose != self.documents[*b].prose)
            .map(|(a, b)| (a, b, self.likeness[a][b]))
            .max_by(|a, b| a.2.total_cmp(&b.2))
    }
}

fn names<'a>(paths: impl Iterator<Item = &'a Path> + Clone) -> Vec<String> {
    let mut shared = paths
        .clone()
        .next()
        .and_then(Path::parent)
        .unwrap_or(Path::new(""));
    while !paths.clone().all(|path| path.starts_with(shared)) {
        shared = shared.parent().unwrap_or(Path::new(""));
    }
    paths
        .map(|path| {
            path.strip_prefix(shared)
                .unwrap_or(path)
                .display()
                .to_string()
        })
        .collect()
}

type Weights = BTreeMap<String, f64>;

/// The TF-IDF weights of each document's terms: the logarithm of how often it has a term, times the smoothed
/// logarithm of how few documents have it (Manning, Raghavan and Schütze, "Introduction to Information Retrieval",
/// chapter 6).
fn weights(documents: &[Document]) -> Vec<Weights> {
    let mut having: BTreeMap<&str, f64> = BTreeMap::new();
    for term in documents
        .iter()
        .flat_map(|document| document.topics.terms.keys())
    {
        *having.entry(term).or_default() += 1.0;
    }
    let count = documents.len() as f64;
    let weight = |(term, times): (&String, &u32)| {
        let rare = ((1.0 + count) / (1.0 + having[term.as_str()])).ln() + 1.0;
        (term.clone(), (1.0 + f64::from(*times).ln()) * rare)
    };
    documents
        .iter()
        .map(|document| document.topics.terms.iter().map(weight).collect())
        .collect()
}

fn own_terms(weights: &Weights) -> Vec<String> {
    let mut terms: Vec<(&String, &f64)> = weights.iter().collect();
    terms.sort_by(|a, b| b.1.total_cmp(a.1).then(a.0.cmp(b.0)));
    terms
        .into_iter()
        .take(OWN_TERMS)
        .map(|(term, _)| term.clone())
        .collect()
}

/// Weights of length 1, so that the product of two documents' weights is the cosine of the angle between them:
/// 1 for the same terms in the same proportions, 0 for none in common.
fn unit(mut weights: Weights) -> Weights {
    let length = weights
        .values()
        .map(|weight| weight * weight)
        .sum::<f64>()
        .sqrt();
    for weight in weights.values_mut() {
        *weight /= length;
    }
    weights
}

fn likeness(a: &Weights, b: &Weights) -> f64 {
    let (few, many) = if a.len() < b.len() { (a, b) } else { (b, a) };
    let shared = few
        .iter()
        .filter_map(|(term, weight)| Some(weight * many.get(term)?));
    shared.fold(0.0, |sum, product| sum + product).min(1.0)
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::prose::Format;

    pub fn document(name: &str, text: &str) -> Document {
        let prose = Prose::of(text, Format::Markdown);
        Document {
            path: name.into(),
            title: prose.title.clone().unwrap_or_else(|| name.to_owned()),
            readability: Readability::of(&prose),
            quality: Quality::of(&prose),
            topics: Topics::of(&prose),
            prose,
            cached: Vec::new(),
            same_text_as: None,
            own_terms: Vec::new(),
        }
    }

    #[test]
    fn equal_documents_are_alike_and_different_ones_are_not() {
        let documents = vec![
            document("a.md", "Retries wait. The backoff grows with each attempt."),
            document("b.md", "Bread needs flour, water and salt."),
            document("c.md", "Retries wait. The backoff grows with each attempt."),
            document("d.md", "The backoff grows, and bread rises."),
        ];
        let collection = Collection::of(documents, Vec::new());
        assert!((collection.likeness[0][2] - 1.0).abs() < 1e-9);
        assert!((collection.likeness[0][1]).abs() < 1e-9);
        let partly = collection.likeness[0][3];
        assert!(0.1 < partly && partly < 0.9, "{partly}");
        let same: Vec<Option<usize>> = collection
            .documents
            .iter()
            .map(|document| document.same_text_as)
            .collect();
        assert_eq!(same, [Some(2), None, Some(0), None]);
        let closest = collection.closest().map(|(a, b, _)| (a, b));
        assert!(matches!(closest, Some((0 | 2, 3) | (1, 3))), "{closest:?}");
    }

    #[test]
    fn a_term_that_all_have_sets_none_apart() {
        let documents = vec![
            document("a.md", "workflow cache"),
            document("b.md", "workflow breaker"),
        ];
        let collection = Collection::of(documents, Vec::new());
        let terms: Vec<&[String]> = collection
            .documents
            .iter()
            .map(|document| document.own_terms.as_slice())
            .collect();
        assert_eq!(terms, [["cache", "workflow"], ["breaker", "workflow"]]);
    }

    #[test]
    fn medians_and_ranks() {
        let documents = vec![
            document("a", "One two."),
            document("b", "One."),
            document("c", "One two three four."),
        ];
        let collection = Collection::of(documents, Vec::new());
        let words = |document: &Document| document.readability.words as f64;
        assert_eq!(collection.median(words), Some(2.0));
        assert_eq!(collection.ranked(words), [2, 0, 1]);
        assert_eq!(collection.words(), 7);
        assert_eq!(Collection::default().median(words), None);
        assert_eq!(Collection::default().closest(), None);
    }

    #[test]
    fn names_say_which_file_is_meant() {
        let paths = ["/a/b/c.md", "/a/b/d/e.md"].map(Path::new);
        assert_eq!(names(paths.into_iter()), ["c.md", "d/e.md"]);
        let paths = ["a.md", "/b/a.md"].map(Path::new);
        assert_eq!(names(paths.into_iter()), ["a.md", "/b/a.md"]);
        assert_eq!(names([Path::new("./a/b.md")].into_iter()), ["b.md"]);
        assert!(names(std::iter::empty()).is_empty());
    }
}
