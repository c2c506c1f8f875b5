//! The documents of a collection, side by side.

use std::collections::BTreeMap;
use std::path::PathBuf;

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
}

/// The documents of a collection, compared.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Collection {
    /// The documents, in the order in which they were found.
    pub documents: Vec<Document>,
    /// For each document, what sets it apart from the others: its terms of the highest TF-IDF weight.
    pub own_terms: Vec<Vec<String>>,
    /// How alike each document is to each, from 0 to 1.
    pub likeness: Vec<Vec<f64>>,
    /// What could not be analyzed.
    pub problems: Vec<Problem>,
}

impl Collection {
    /// Compares documents.
    pub fn of(documents: Vec<Document>, problems: Vec<Problem>) -> Self {
        let weights = weights(&documents);
        let own_terms = weights.iter().map(own_terms).collect();
        let likeness = weights
            .iter()
            .map(|a| weights.iter().map(|b| cosine(a, b)).collect())
            .collect();
        Self {
            documents,
            own_terms,
            likeness,
            problems,
        }
    }

    /// All words.
    pub fn words(&self) -> usize {
        self.documents.iter().map(|document| document.readability.words).sum()
    }

    /// How long an adult reads all of it, in minutes.
    pub fn minutes(&self) -> f64 {
        self.documents.iter().map(|document| document.readability.minutes).sum()
    }

    /// The middle one of a measure; `None` without documents.
    pub fn median(&self, measure: impl Fn(&Document) -> f64) -> Option<f64> {
        let mut values: Vec<f64> = self.documents.iter().map(measure).collect();
        values.sort_by(f64::total_cmp);
        let (low, high) = (values.get(values.len().checked_sub(1)? / 2)?, values.get(values.len() / 2)?);
        Some(f64::midpoint(*low, *high))
    }

    /// The first document with the same prose, where that is another one.
    pub fn same_as(&self, idx: usize) -> Option<&Document> {
        let prose = &self.documents.get(idx)?.prose;
        self.documents[..idx].iter().find(|document| document.prose == *prose)
    }

    /// How many documents took their measures from the cache.
    pub fn cached(&self) -> usize {
        self.documents.iter().filter(|document| !document.cached.is_empty()).count()
    }

    /// The documents' indices, ordered by a measure, the highest first.
    pub fn ranked(&self, measure: impl Fn(&Document) -> f64) -> Vec<usize> {
        let mut ranked: Vec<usize> = (0..self.documents.len()).collect();
        ranked.sort_by(|a, b| measure(&self.documents[*b]).total_cmp(&measure(&self.documents[*a])));
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

type Weights = BTreeMap<String, f64>;

/// The TF-IDF weights of each document's terms: the logarithm of how often it has a term, times the smoothed
/// logarithm of how few documents have it (Manning, Raghavan and Schütze, "Introduction to Information Retrieval",
/// chapter 6).
fn weights(documents: &[Document]) -> Vec<Weights> {
    let mut having: BTreeMap<&str, f64> = BTreeMap::new();
    for term in documents.iter().flat_map(|document| document.topics.terms.keys()) {
        *having.entry(term).or_default() += 1.0;
    }
    let count = documents.len() as f64;
    let weight = |(term, times): (&String, &u32)| {
        let rare = ((1.0 + count) / (1.0 + having[term.as_str()])).ln() + 1.0;
        (term.clone(), (1.0 + f64::from(*times).ln()) * rare)
    };
    documents.iter().map(|document| document.topics.terms.iter().map(weight).collect()).collect()
}

fn own_terms(weights: &Weights) -> Vec<String> {
    let mut terms: Vec<(&String, &f64)> = weights.iter().collect();
    terms.sort_by(|a, b| b.1.total_cmp(a.1).then(a.0.cmp(b.0)));
    terms.into_iter().take(OWN_TERMS).map(|(term, _)| term.clone()).collect()
}

/// The cosine of the angle between two documents' weights: 1 for the same terms in the same proportions.
fn cosine(a: &Weights, b: &Weights) -> f64 {
    let length = |weights: &Weights| weights.values().map(|weight| weight * weight).sum::<f64>().sqrt();
    let product: f64 = a.iter().filter_map(|(term, weight)| Some(weight * b.get(term)?)).sum();
    let lengths = length(a) * length(b);
    if lengths == 0.0 { 0.0 } else { (product / lengths).min(1.0) }
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
        assert_eq!(collection.same_as(2).map(|document| document.title.as_str()), Some("a.md"));
        assert_eq!(collection.same_as(0), None);
        assert_eq!(collection.same_as(3), None);
        let closest = collection.closest().map(|(a, b, _)| (a, b));
        assert!(matches!(closest, Some((0 | 2, 3) | (1, 3))), "{closest:?}");
    }

    #[test]
    fn a_term_that_all_have_sets_none_apart() {
        let documents = vec![document("a.md", "workflow cache"), document("b.md", "workflow breaker")];
        let collection = Collection::of(documents, Vec::new());
        assert_eq!(collection.own_terms, [["cache", "workflow"], ["breaker", "workflow"]]);
    }

    #[test]
    fn medians_and_ranks() {
        let documents = vec![document("a", "One two."), document("b", "One."), document("c", "One two three four.")];
        let collection = Collection::of(documents, Vec::new());
        let words = |document: &Document| document.readability.words as f64;
        assert_eq!(collection.median(words), Some(2.0));
        assert_eq!(collection.ranked(words), [2, 0, 1]);
        assert_eq!(collection.words(), 7);
        assert_eq!(Collection::default().median(words), None);
        assert_eq!(Collection::default().closest(), None);
    }
}
