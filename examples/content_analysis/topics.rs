//! What a text is about: RAKE key phrases, and the terms that a collection is compared by.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;

use serde::Serialize;
use unicode_segmentation::UnicodeSegmentation as _;

use crate::prose::Prose;

/// How many key phrases a document keeps.
const PHRASES: usize = 8;

/// The longest key phrase, in words; longer ones are rarely phrases.
const LONGEST: usize = 3;

/// Words that carry no topic.
static STOP_WORDS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("stop-words.list").split_whitespace().collect());

/// What a text is about.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Topics {
    /// The key phrases, the strongest first.
    pub phrases: Vec<Phrase>,
    /// How often each term occurs, in the singular.
    pub terms: BTreeMap<String, u32>,
}

/// A key phrase.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Phrase {
    /// The phrase, in lower case.
    pub text: String,
    /// How often it occurs.
    pub count: u32,
    /// Its RAKE score times its count.
    pub score: f64,
}

impl Topics {
    /// The topics of a text.
    pub fn of(prose: &Prose) -> Self {
        let candidates: Vec<Vec<String>> = prose
            .blocks
            .iter()
            .flat_map(|block| candidates(block))
            .collect();
        let mut terms = BTreeMap::new();
        for word in candidates.iter().flatten() {
            *terms.entry(singular(word)).or_default() += 1;
        }
        Self {
            phrases: key_phrases(&candidates),
            terms,
        }
    }
}

/// The runs of words between stop words and punctuation.
fn candidates(block: &str) -> Vec<Vec<String>> {
    let mut runs = vec![Vec::new()];
    for piece in block.split_word_bounds() {
        if piece.chars().all(char::is_whitespace) {
            continue;
        }
        let word = piece.to_lowercase();
        if carries_topic(&word) {
            if let Some(run) = runs.last_mut() {
                run.push(word);
            }
        } else if word != "-" {
            runs.push(Vec::new());
        }
    }
    runs.retain(|run| !run.is_empty() && run.len() <= LONGEST);
    runs
}

fn carries_topic(word: &str) -> bool {
    let letters = word.chars().filter(|letter| letter.is_alphabetic()).count();
    letters >= 3 && !word.contains(['\'', '’']) && !STOP_WORDS.contains(word)
}

/// A word's singular, for the regular ones: `policies` and `policy` are one term.
fn singular(word: &str) -> String {
    let stem = |end: &str| word.strip_suffix(end).filter(|stem| stem.len() >= 2);
    if let Some(stem) = stem("ies") {
        return format!("{stem}y");
    }
    for end in ["sses", "xes", "ches", "shes"] {
        if stem(end).is_some() {
            return word[..word.len() - 2].to_owned();
        }
    }
    match stem("s") {
        Some(stem) if !stem.ends_with(['s', 'u', 'i']) => stem.to_owned(),
        _ => word.to_owned(),
    }
}

/// Rapid automatic keyword extraction (Rose, Engel, Cramer and Cowley, 2010): a word weighs the more, the more words
/// it stands beside for each time it occurs; a phrase weighs what its words weigh together.
///
/// As that favors what is said once, a phrase's weight counts for each time it is said, and in longer texts
/// a phrase has to be said twice.
fn key_phrases(candidates: &[Vec<String>]) -> Vec<Phrase> {
    let mut words: HashMap<String, (f64, f64)> = HashMap::new();
    let mut phrases: BTreeMap<Vec<String>, (String, u32)> = BTreeMap::new();
    for run in candidates {
        let key: Vec<String> = run.iter().map(|word| singular(word)).collect();
        for word in &key {
            let (degree, frequency) = words.entry(word.clone()).or_default();
            *degree += run.len() as f64;
            *frequency += 1.0;
        }
        phrases.entry(key).or_insert_with(|| (run.join(" "), 0)).1 += 1;
    }
    let least = if candidates.len() > 150 { 2 } else { 1 };
    let mut phrases: Vec<Phrase> = phrases
        .into_iter()
        .filter(|(_, (_, count))| *count >= least)
        .map(|(key, (text, count))| {
            let weight = |word: &String| {
                words
                    .get(word)
                    .map_or(0.0, |(degree, frequency)| degree / frequency)
            };
            let score = key.iter().map(weight).sum::<f64>() * f64::from(count);
            Phrase { text, count, score }
        })
        .collect();
    phrases.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then_with(|| a.text.cmp(&b.text))
    });
    phrases.truncate(PHRASES);
    phrases
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prose::Format;

    fn topics(text: &str) -> Topics {
        Topics::of(&Prose::of(text, Format::Plain))
    }

    #[test]
    fn phrases_lie_between_stop_words() {
        assert_eq!(
            candidates("The circuit breaker, and the rate-limits of a service."),
            [
                vec!["circuit", "breaker"],
                vec!["rate", "limits"],
                vec!["service"]
            ]
        );
        assert!(candidates("It is of the, and it's not.").is_empty());
    }

    #[test]
    fn rake_scores_by_hand() {
        let topics = topics("Circuit breakers help. A circuit breaker stops. The circuit opens.");
        // circuit: degree 3 + 3 + 2 = 8 over 3; help, stops: 3 over 1; breaker: 6 over 2; opens: 2 over 1.
        let first = &topics.phrases[0];
        assert_eq!(
            (first.text.as_str(), first.count),
            ("circuit breaker stops", 1)
        );
        assert!(
            (first.score - (8.0 / 3.0 + 3.0 + 3.0)).abs() < 1e-9,
            "{}",
            first.score
        );
    }

    #[test]
    fn plurals_are_counted_with_their_singulars() {
        let terms = topics("Policies, a policy, boxes, the box, status, class, classes.").terms;
        let expected = [("box", 2), ("class", 2), ("policy", 2), ("status", 1)];
        assert_eq!(
            terms,
            expected
                .map(|(term, count)| (term.to_owned(), count))
                .into()
        );
    }

    #[test]
    fn the_strongest_come_first_and_ties_have_an_order() {
        let topics = topics("Zebra. Apple. Zebra. Zebra. Apple. Mango.");
        let texts: Vec<&str> = topics
            .phrases
            .iter()
            .map(|phrase| phrase.text.as_str())
            .collect();
        assert_eq!(texts, ["zebra", "apple", "mango"]);
    }
}
