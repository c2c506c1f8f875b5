//! How well a text is made: what can be counted of what style guides ask for.

use std::collections::HashSet;

use serde::Serialize;

use crate::prose::{Prose, words};
use crate::syllables;

/// A sentence of more words than this is long: past it, readers lose the thread
/// (GOV.UK's "Content design: planning, writing and managing content" asks for 25 at most).
const LONG_SENTENCE: usize = 25;

/// A word of so many syllables is heavy.
const HEAVY_WORD: usize = 4;

/// How many words the moving window of the vocabulary's measure has.
const WINDOW: usize = 50;

/// Words that can mostly go.
const FILLERS: [&str; 18] = [
    "actually",
    "basically",
    "clearly",
    "definitely",
    "easily",
    "essentially",
    "extremely",
    "just",
    "literally",
    "obviously",
    "quite",
    "really",
    "simply",
    "somewhat",
    "totally",
    "utterly",
    "very",
    "virtually",
];

/// Forms of "to be" that make a passive with a participle.
const TO_BE: [&str; 8] = ["am", "are", "be", "been", "being", "is", "was", "were"];

/// Participles that do not end in `-ed`.
const PARTICIPLES: [&str; 62] = [
    "begun",
    "bent",
    "born",
    "bound",
    "bought",
    "broken",
    "brought",
    "built",
    "caught",
    "chosen",
    "cut",
    "dealt",
    "done",
    "drawn",
    "driven",
    "eaten",
    "felt",
    "forgotten",
    "found",
    "frozen",
    "given",
    "grown",
    "heard",
    "held",
    "hidden",
    "hit",
    "hurt",
    "kept",
    "known",
    "laid",
    "led",
    "left",
    "lent",
    "lost",
    "made",
    "meant",
    "met",
    "paid",
    "put",
    "read",
    "said",
    "seen",
    "sent",
    "set",
    "shown",
    "shut",
    "sold",
    "spent",
    "split",
    "spoken",
    "spread",
    "stolen",
    "sung",
    "taken",
    "taught",
    "thought",
    "thrown",
    "told",
    "understood",
    "woken",
    "won",
    "written",
];

/// Words in `-ed` that are no participles.
const NOT_PARTICIPLES: [&str; 8] = [
    "bed", "feed", "hundred", "indeed", "need", "red", "seed", "speed",
];

/// How well a text is made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quality {
    /// What is left of 100 points when every check has taken its own.
    pub score: f64,
    /// The checks, always the same in the same order.
    pub checks: Vec<Check>,
    /// How many words the sentences have: 1 to 5, 6 to 10, … and more than 40.
    pub sentence_lengths: [u32; 9],
    /// The longest sentence, if it is long.
    pub longest: Option<String>,
    /// The sentences in the passive voice, at most three.
    pub passive: Vec<String>,
    /// The words that stand twice in a row, with the sentence.
    pub doubled: Vec<String>,
}

/// One measure, and the points that it costs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// What is measured.
    pub name: &'static str,
    /// The measure.
    pub value: f64,
    /// Its unit.
    pub unit: &'static str,
    /// The points that are lost.
    pub lost: f64,
    /// The points that may be lost.
    pub at_most: f64,
}

/// Up to which measure nothing is lost, and from which on everything.
struct Scale {
    name: &'static str,
    unit: &'static str,
    good: f64,
    bad: f64,
    points: f64,
}

/// The checks. The bounds are this program's own: strict enough to tell technical texts apart.
const SCALES: [Scale; 6] = [
    Scale {
        name: "long sentences",
        unit: "%",
        good: 5.0,
        bad: 40.0,
        points: 25.0,
    },
    Scale {
        name: "passive voice",
        unit: "%",
        good: 10.0,
        bad: 45.0,
        points: 20.0,
    },
    Scale {
        name: "heavy words",
        unit: "%",
        good: 4.0,
        bad: 16.0,
        points: 20.0,
    },
    Scale {
        name: "filler words",
        unit: "%",
        good: 0.2,
        bad: 2.0,
        points: 10.0,
    },
    Scale {
        name: "doubled words",
        unit: "",
        good: 0.0,
        bad: 3.0,
        points: 10.0,
    },
    Scale {
        name: "narrow vocabulary",
        unit: "%",
        good: 28.0,
        bad: 50.0,
        points: 15.0,
    },
];

impl Quality {
    /// Assesses a text.
    pub fn of(prose: &Prose) -> Self {
        let sentences: Vec<String> = prose.sentences().collect();
        let words_of: Vec<Vec<String>> = sentences
            .iter()
            .map(|sentence| words(sentence).map(str::to_lowercase).collect())
            .collect();
        let all: Vec<&str> = words_of.iter().flatten().map(String::as_str).collect();
        let long = words_of
            .iter()
            .filter(|words| words.len() > LONG_SENTENCE)
            .count();
        let passive: Vec<usize> = (0..sentences.len())
            .filter(|idx| is_passive(&words_of[*idx]))
            .collect();
        let heavy = all
            .iter()
            .filter(|word| syllables::count(word) >= HEAVY_WORD)
            .count();
        let fillers = all.iter().filter(|word| FILLERS.contains(word)).count();
        let doubled = doubled(&sentences);
        let measures = [
            percent(long, sentences.len()),
            percent(passive.len(), sentences.len()),
            percent(heavy, all.len()),
            percent(fillers, all.len()),
            doubled.len() as f64,
            100.0 * repetition(&all),
        ];
        let checks: Vec<Check> = SCALES
            .iter()
            .zip(measures)
            .map(|(scale, value)| scale.check(value))
            .collect();
        let longest = (0..sentences.len()).max_by_key(|idx| words_of[*idx].len());
        let longest = longest.filter(|idx| words_of[*idx].len() > LONG_SENTENCE);
        Self {
            score: 100.0 - checks.iter().map(|check| check.lost).sum::<f64>(),
            checks,
            sentence_lengths: histogram(&words_of),
            longest: longest.map(|idx| sentences[idx].clone()),
            passive: passive
                .into_iter()
                .take(3)
                .map(|idx| sentences[idx].clone())
                .collect(),
            doubled,
        }
    }
}

impl Scale {
    fn check(&self, value: f64) -> Check {
        let share = ((value - self.good) / (self.bad - self.good)).clamp(0.0, 1.0);
        Check {
            name: self.name,
            value,
            unit: self.unit,
            lost: share * self.points,
            at_most: self.points,
        }
    }
}

fn percent(count: usize, of: usize) -> f64 {
    if of == 0 {
        0.0
    } else {
        100.0 * count as f64 / of as f64
    }
}

/// The sentences' lengths in groups of five words, and one for those of more than 40.
fn histogram(sentences: &[Vec<String>]) -> [u32; 9] {
    let mut bars = [0; 9];
    for words in sentences {
        bars[(words.len().saturating_sub(1) / 5).min(8)] += 1;
    }
    bars
}

/// Whether a form of "to be" is followed by a participle, with one word between them at most ("is not read").
fn is_passive(words: &[String]) -> bool {
    let participle = |word: Option<&String>| word.is_some_and(|word| is_participle(word));
    words.iter().enumerate().any(|(idx, word)| {
        let between = words.get(idx + 1).is_some_and(|word| {
            word.ends_with("ly")
                || [
                    "not", "never", "always", "also", "then", "only", "already", "often",
                ]
                .contains(&word.as_str())
        });
        TO_BE.contains(&word.as_str())
            && (participle(words.get(idx + 1)) || between && participle(words.get(idx + 2)))
    })
}

fn is_participle(word: &str) -> bool {
    word.len() > 3
        && word.ends_with("ed")
        && !word.ends_with("eed")
        && !NOT_PARTICIPLES.contains(&word)
        || PARTICIPLES.contains(&word)
}

/// Words that stand twice in a row with nothing but spaces between them, and where.
fn doubled(sentences: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for sentence in sentences {
        let words: Vec<&str> = sentence.split_whitespace().collect();
        for pair in words.windows(2) {
            let legal = ["had", "that"].contains(&pair[0].to_lowercase().as_str());
            let same = pair[0].to_lowercase()
                == pair[1]
                    .trim_end_matches(|end: char| end.is_ascii_punctuation())
                    .to_lowercase();
            if same && !legal && pair[0].chars().all(char::is_alphabetic) {
                found.push(format!("“{} {}” in: {sentence}", pair[0], pair[1]));
            }
        }
    }
    found
}

/// How much a text repeats its words: 1 less the moving-average type–token ratio (Covington and McFall, "Cutting the
/// Gordian knot", 2010), which does not depend on the text's length as the plain ratio does.
fn repetition(words: &[&str]) -> f64 {
    if words.is_empty() {
        return 0.0;
    }
    let windows = words.windows(WINDOW.min(words.len()));
    let count = windows.len() as f64;
    let ratios = windows
        .map(|window| window.iter().collect::<HashSet<_>>().len() as f64 / window.len() as f64);
    1.0 - ratios.sum::<f64>() / count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prose::Format;

    fn quality(text: &str) -> Quality {
        Quality::of(&Prose::of(text, Format::Plain))
    }

    fn value(quality: &Quality, name: &str) -> f64 {
        let check = quality.checks.iter().find(|check| check.name == name);
        check.map(|check| check.value).unwrap()
    }

    #[test]
    fn plain_prose_loses_nothing() {
        let quality = quality(
            "We wrote a short note. It tells you what we did, and why. Read on if you like.",
        );
        assert!((quality.score - 100.0).abs() < 1e-9, "{quality:?}");
        assert_eq!(quality.longest, None);
        assert_eq!(quality.sentence_lengths, [2, 1, 0, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn the_passive_is_found() {
        for (text, expected) in [
            ("The file was written.", true),
            ("It is not yet done.", false),
            ("It is never written.", true),
            ("They are quickly closed by us.", true),
            ("We need a bed.", false),
            ("She is an engineer.", false),
            ("You are in need of speed.", false),
        ] {
            let found = !quality(text).passive.is_empty();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn doubled_words_are_named() {
        let found =
            quality("This is is a test. He had had enough. Very, very good. No, the the.").doubled;
        assert_eq!(
            found,
            [
                "“is is” in: This is is a test.",
                "“the the.” in: No, the the."
            ]
        );
    }

    #[test]
    fn each_check_costs_what_it_may() {
        let words: Vec<String> = (0..30)
            .map(|idx| format!("{}word", char::from(b'a' + idx % 26)))
            .collect();
        let long = quality(&format!("{}.", words.join(" ")));
        assert!((value(&long, "long sentences") - 100.0).abs() < 1e-9);
        let check = &long.checks[0];
        assert!((check.lost - check.at_most).abs() < 1e-9);
        let filler = quality("It is very very good and just really simply fine.");
        assert!(
            (value(&filler, "filler words") - 50.0).abs() < 1e-9,
            "{filler:?}"
        );
        assert_eq!(SCALES.iter().map(|scale| scale.points).sum::<f64>(), 100.0);
    }

    #[test]
    fn repetition_does_not_depend_on_length() {
        let words: Vec<&str> = "the run of a step".split(' ').collect();
        assert!((repetition(&words) - 0.0).abs() < 1e-9);
        let twice: Vec<&str> = words.iter().chain(&words).copied().collect();
        assert!((repetition(&twice) - 0.5).abs() < 1e-9);
        let long = words.repeat(40);
        let longer = words.repeat(80);
        assert!((repetition(&long) - repetition(&longer)).abs() < 1e-9);
        assert!((repetition(&long) - 0.9).abs() < 1e-9);
    }
}
