//! Durations as people write them: `"200ms"`, `"10s"`, `"1h30m"`.
//!
//! A duration is one or more whole numbers, each with its unit, from the largest unit to the smallest.
//! The units are `ns`, `us` (or `µs`), `ms`, `s`, `m` (60 s), `h` and `d` (24 h).
//!
//! ```
//! use std::time::Duration;
//! use orch_core::duration::{Human, parse};
//!
//! # fn main() -> Result<(), orch_core::duration::DurationError> {
//! assert_eq!(parse("1h30m")?, Duration::from_secs(5400));
//! assert_eq!(Human(Duration::from_millis(1500)).to_string(), "1s500ms");
//! # Ok(())
//! # }
//! ```

use std::fmt;
use std::time::Duration;

#[cfg(feature = "serde")]
use serde::Serializer;

/// The units from the largest to the smallest, with their length in nanoseconds.
const UNITS: [(&str, u128); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// Other words for the units, so that an error can name the one that is meant.
const ALIASES: [(&str, &str); 20] = [
    ("day", "d"),
    ("days", "d"),
    ("hour", "h"),
    ("hours", "h"),
    ("hr", "h"),
    ("hrs", "h"),
    ("min", "m"),
    ("mins", "m"),
    ("minute", "m"),
    ("minutes", "m"),
    ("sec", "s"),
    ("secs", "s"),
    ("second", "s"),
    ("seconds", "s"),
    ("msec", "ms"),
    ("millis", "ms"),
    ("millisecond", "ms"),
    ("milliseconds", "ms"),
    ("micros", "us"),
    ("nanos", "ns"),
];

/// Reads a duration such as `"1h30m"`.
///
/// # Errors
/// Fails when the text is no duration, with a [`DurationError`] that says what to write instead.
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    let mut rest = text.trim();
    let fail = |kind| DurationError {
        text: text.trim().to_owned(),
        kind,
    };
    if rest.is_empty() {
        return Err(fail(Kind::Empty));
    }
    let mut total: u128 = 0;
    let mut last = None;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        if number.is_empty() {
            return Err(fail(if rest.starts_with('-') {
                Kind::Negative
            } else {
                Kind::NoNumber
            }));
        }
        let letters = tail
            .find(|c: char| !c.is_alphabetic() && c != 'µ')
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        if unit.is_empty() {
            return Err(fail(match tail.chars().next() {
                Some('.' | ',') => Kind::Fraction,
                _ => Kind::NoUnit,
            }));
        }
        let rank = unit_rank(unit).ok_or_else(|| fail(Kind::UnknownUnit(unit.to_owned())))?;
        if last.is_some_and(|before| before >= rank) {
            return Err(fail(Kind::Order));
        }
        last = Some(rank);
        total = number
            .parse::<u128>()
            .ok()
            .and_then(|number| number.checked_mul(UNITS[rank].1))
            .and_then(|span| span.checked_add(total))
            .ok_or_else(|| fail(Kind::TooLong))?;
        rest = tail;
    }
    let seconds = u64::try_from(total / 1_000_000_000).map_err(|_| fail(Kind::TooLong))?;
    Ok(Duration::from_secs(seconds) + Duration::from_nanos((total % 1_000_000_000) as u64))
}

fn unit_rank(unit: &str) -> Option<usize> {
    let unit = if matches!(unit, "µs" | "μs") {
        "us"
    } else {
        unit
    };
    UNITS.iter().position(|(name, _)| *name == unit)
}

/// Writes a duration in the form that [`parse`] reads, exactly: `1h30m`, `200ms`, `0s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Human(pub Duration);

impl fmt::Display for Human {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_nanos();
        if rest == 0 {
            return f.pad("0s");
        }
        let mut text = String::new();
        for (unit, length) in UNITS {
            let count = rest / length;
            if count > 0 {
                text.push_str(&count.to_string());
                text.push_str(unit);
                rest %= length;
            }
        }
        f.pad(&text)
    }
}

/// Why a text is no duration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DurationError {
    text: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Empty,
    Negative,
    Fraction,
    NoNumber,
    NoUnit,
    UnknownUnit(String),
    Order,
    TooLong,
}

impl DurationError {
    /// A stable word for what is wrong.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self.kind {
            Kind::Empty => "duration_empty",
            Kind::Negative => "duration_negative",
            Kind::Fraction => "duration_fraction",
            Kind::NoNumber => "duration_without_number",
            Kind::NoUnit => "duration_without_unit",
            Kind::UnknownUnit(_) => "duration_unknown_unit",
            Kind::Order => "duration_unit_order",
            Kind::TooLong => "duration_too_long",
        }
    }
}

impl fmt::Display for DurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = &self.text;
        match &self.kind {
            Kind::Empty => write!(
                f,
                "the duration is empty: write a number and a unit, such as `30s`"
            ),
            Kind::Negative => write!(f, "`{text}` is negative: a duration is zero or longer"),
            Kind::Fraction => {
                write!(
                    f,
                    "`{text}` has a fraction: write whole numbers, such as `1s500ms` for one and a half seconds"
                )
            }
            Kind::NoNumber => write!(
                f,
                "`{text}` is not a duration: write a number before each unit, such as `30s` or `1h30m`"
            ),
            Kind::NoUnit => write!(
                f,
                "`{text}` lacks a unit: write `ms`, `s`, `m`, `h` or `d` after each number"
            ),
            Kind::UnknownUnit(unit) => {
                let meant = unit.to_ascii_lowercase();
                let known = unit_rank(&meant).map(|rank| UNITS[rank].0);
                let alias = ALIASES
                    .iter()
                    .find(|(word, _)| *word == meant)
                    .map(|(_, unit)| *unit);
                match known.or(alias) {
                    Some(meant) => write!(f, "`{unit}` in `{text}` is not a unit: write `{meant}`"),
                    None => write!(
                        f,
                        "`{unit}` in `{text}` is not a unit: write `ns`, `us`, `ms`, `s`, `m`, `h` or `d`"
                    ),
                }
            }
            Kind::Order => write!(
                f,
                "the units in `{text}` do not go from large to small, each once, as in `1h30m`"
            ),
            Kind::TooLong => write!(f, "`{text}` is longer than any clock can count"),
        }
    }
}

impl std::error::Error for DurationError {}

/// Serializes a duration as its human form, for `#[serde(serialize_with)]`.
#[cfg(feature = "serde")]
pub(crate) fn serialize<S: Serializer>(
    duration: &Duration,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&Human(*duration))
}

/// Serializes a duration that may be absent.
#[cfg(feature = "serde")]
pub(crate) fn optional<S: Serializer>(
    duration: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match duration {
        Some(duration) => serializer.collect_str(&Human(*duration)),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, nanos) in [
            ("0s", 0),
            ("7ns", 7),
            ("3us", 3_000),
            ("3µs", 3_000),
            ("200ms", 200_000_000),
            ("10s", 10_000_000_000),
            (" 10m ", 600_000_000_000),
            ("1h30m", 5_400_000_000_000),
            ("2d1s1ns", 172_801_000_000_001),
            ("90s", 90_000_000_000),
        ] {
            assert_eq!(
                parse(text).map(|duration| duration.as_nanos()),
                Ok(nanos),
                "{text}"
            );
        }
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, code, message) in [
            (
                "",
                "duration_empty",
                "the duration is empty: write a number and a unit, such as `30s`",
            ),
            (
                "-5s",
                "duration_negative",
                "`-5s` is negative: a duration is zero or longer",
            ),
            (
                "1.5s",
                "duration_fraction",
                "`1.5s` has a fraction: write whole numbers, such as `1s500ms` for one and a half seconds",
            ),
            (
                "soon",
                "duration_without_number",
                "`soon` is not a duration: write a number before each unit, such as `30s` or `1h30m`",
            ),
            (
                "10",
                "duration_without_unit",
                "`10` lacks a unit: write `ms`, `s`, `m`, `h` or `d` after each number",
            ),
            (
                "1h30",
                "duration_without_unit",
                "`1h30` lacks a unit: write `ms`, `s`, `m`, `h` or `d` after each number",
            ),
            (
                "10sec",
                "duration_unknown_unit",
                "`sec` in `10sec` is not a unit: write `s`",
            ),
            (
                "10S",
                "duration_unknown_unit",
                "`S` in `10S` is not a unit: write `s`",
            ),
            (
                "10y",
                "duration_unknown_unit",
                "`y` in `10y` is not a unit: write `ns`, `us`, `ms`, `s`, `m`, `h` or `d`",
            ),
            (
                "30m1h",
                "duration_unit_order",
                "the units in `30m1h` do not go from large to small, each once, as in `1h30m`",
            ),
            (
                "1s1s",
                "duration_unit_order",
                "the units in `1s1s` do not go from large to small, each once, as in `1h30m`",
            ),
            (
                "999999999999999999999d",
                "duration_too_long",
                "`999999999999999999999d` is longer than any clock can count",
            ),
        ] {
            let error = parse(text).expect_err(text);
            assert_eq!(
                (error.code(), error.to_string().as_str()),
                (code, message),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(seconds in any::<u64>(), nanos in 0_u32..1_000_000_000) {
            let duration = Duration::new(seconds, nanos);
            prop_assert_eq!(parse(&Human(duration).to_string()), Ok(duration));
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,12}") {
            let _ = parse(&text);
        }
    }
}
