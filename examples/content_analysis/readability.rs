//! How hard a text is to read: the measures of Flesch and of Kincaid.

use serde::Serialize;

use crate::prose::{Prose, words};
use crate::syllables;

/// How many words an adult reads in a minute of silent reading of English non-fiction
/// (Brysbaert, "How many words do we read per minute?", 2019).
const WORDS_PER_MINUTE: f64 = 238.0;

/// How hard a text is to read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Readability {
    /// The number of words.
    pub words: usize,
    /// The number of sentences.
    pub sentences: usize,
    /// Words per sentence, on average.
    pub sentence_length: f64,
    /// Syllables per word, on average.
    pub word_length: f64,
    /// The Flesch reading ease: 100 is very easy, 0 very hard; it may lie outside of both.
    pub ease: f64,
    /// The Flesch–Kincaid grade: the years of school (United States) that the text asks for.
    pub grade: f64,
    /// How long an adult reads it, in minutes.
    pub minutes: f64,
}

impl Readability {
    /// Measures a text; one without words has no sentences either, and all its measures are 0.
    pub fn of(prose: &Prose) -> Self {
        let (mut sentences, mut count, mut syllables) = (0, 0, 0);
        for sentence in prose.sentences() {
            sentences += 1;
            for word in words(&sentence) {
                count += 1;
                syllables += syllables::count(word);
            }
        }
        let sentence_length = ratio(count, sentences);
        let word_length = ratio(syllables, count);
        Self {
            words: count,
            sentences,
            sentence_length,
            word_length,
            ease: if count == 0 {
                0.0
            } else {
                ease(sentence_length, word_length)
            },
            grade: if count == 0 {
                0.0
            } else {
                grade(sentence_length, word_length)
            },
            minutes: count as f64 / WORDS_PER_MINUTE,
        }
    }
}

/// The reading ease of Rudolf Flesch, "A new readability yardstick" (1948).
pub fn ease(sentence_length: f64, word_length: f64) -> f64 {
    206.835 - 1.015 * sentence_length - 84.6 * word_length
}

/// The word length at which a sentence length has this reading ease.
pub fn word_length_for(ease: f64, sentence_length: f64) -> f64 {
    (206.835 - 1.015 * sentence_length - ease) / 84.6
}

/// The grade level of Kincaid, Fishburne, Rogers and Chissom (1975).
fn grade(sentence_length: f64, word_length: f64) -> f64 {
    0.39 * sentence_length + 11.8 * word_length - 15.59
}

fn ratio(count: usize, of: usize) -> f64 {
    if of == 0 {
        0.0
    } else {
        count as f64 / of as f64
    }
}

/// What a reading ease means, in Flesch's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// The least reading ease of this level.
    pub from: i32,
    /// Its name.
    pub name: &'static str,
}

/// The levels, from the easiest to the hardest.
pub const LEVELS: [Level; 7] = [
    Level {
        from: 90,
        name: "very easy",
    },
    Level {
        from: 80,
        name: "easy",
    },
    Level {
        from: 70,
        name: "fairly easy",
    },
    Level {
        from: 60,
        name: "standard",
    },
    Level {
        from: 50,
        name: "fairly difficult",
    },
    Level {
        from: 30,
        name: "difficult",
    },
    Level {
        from: i32::MIN,
        name: "very difficult",
    },
];

/// The level of a reading ease.
pub fn level(ease: f64) -> &'static str {
    let found = LEVELS.iter().find(|level| ease >= f64::from(level.from));
    found.map_or("very difficult", |level| level.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prose::Format;

    fn measured(text: &str) -> Readability {
        Readability::of(&Prose::of(text, Format::Plain))
    }

    #[test]
    fn the_formulas_hold() {
        // 6 words, 6 syllables, one sentence.
        let cat = measured("The cat sat on the mat.");
        assert_eq!((cat.words, cat.sentences), (6, 1));
        assert!((cat.ease - 116.145).abs() < 1e-9, "{}", cat.ease);
        assert!((cat.grade - -1.45).abs() < 1e-9, "{}", cat.grade);
        // 5 words, 6 + 5 + 1 + 5 + 8 syllables, one sentence.
        let hard = measured("Responsibility, communication and organization: interoperability.");
        assert_eq!((hard.words, hard.sentences), (5, 1));
        assert!(
            (hard.word_length - 5.0).abs() < 1e-9,
            "{}",
            hard.word_length
        );
        assert!(
            (hard.grade - (0.39 * 5.0 + 11.8 * 5.0 - 15.59)).abs() < 1e-9,
            "{}",
            hard.grade
        );
    }

    #[test]
    fn levels_have_their_borders() {
        for (ease, expected) in [
            (116.0, "very easy"),
            (90.0, "very easy"),
            (89.99, "easy"),
            (65.0, "standard"),
            (30.0, "difficult"),
            (29.9, "very difficult"),
            (-40.0, "very difficult"),
        ] {
            assert_eq!(level(ease), expected, "{ease}");
        }
        assert!((ease(15.0, word_length_for(60.0, 15.0)) - 60.0).abs() < 1e-9);
    }

    #[test]
    fn no_words_no_measure() {
        let nothing = measured("");
        assert_eq!((nothing.words, nothing.ease, nothing.grade), (0, 0.0, 0.0));
    }
}
