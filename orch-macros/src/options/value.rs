//! The values of options: numbers, durations, names. An error is at the value and says the way out.

use std::time::Duration;

use proc_macro2::TokenStream;
use syn::{Lit, LitStr};

use crate::text;

/// The longest duration an option takes: a century, so that adding it to a time never overflows.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// An error at the value: "`{value}` is not {what}: write {way_out}".
fn not(tokens: &TokenStream, what: &str, way_out: &str) -> syn::Error {
    let shown = text::source(tokens);
    syn::Error::new_spanned(tokens, format!("`{shown}` is not {what}: write {way_out}"))
}

fn literal(tokens: &TokenStream) -> Option<Lit> {
    syn::parse2(tokens.clone()).ok()
}

/// `true` or `false`.
pub(crate) fn boolean(tokens: &TokenStream) -> syn::Result<bool> {
    match literal(tokens) {
        Some(Lit::Bool(value)) => Ok(value.value),
        _ => Err(not(tokens, "a switch", "`true` or `false`")),
    }
}

/// A whole number from 0.
pub(crate) fn count(tokens: &TokenStream) -> syn::Result<u32> {
    let way_out = "a whole number such as `3`";
    match literal(tokens) {
        Some(Lit::Int(value)) if is_natural(&value) => {
            value.base10_parse().map_err(|_| {
                let most = format!("a number up to {}: write a smaller one", u32::MAX);
                syn::Error::new_spanned(tokens, format!("`{value}` is not {most}"))
            })
        }
        _ => Err(not(tokens, "a number", way_out)),
    }
}

/// Whether it is neither negative nor of a type that is not ours.
fn is_natural(value: &syn::LitInt) -> bool {
    !value.base10_digits().starts_with('-') && matches!(value.suffix(), "" | "u32")
}

/// A whole number from 1; `zero` says what 0 would mean.
pub(crate) fn positive(tokens: &TokenStream, zero: &str) -> syn::Result<u32> {
    match count(tokens)? {
        0 => Err(syn::Error::new_spanned(tokens, zero)),
        number => Ok(number),
    }
}

/// A number of at least 1 that may have a fraction.
pub(crate) fn factor(tokens: &TokenStream) -> syn::Result<f64> {
    let number = match literal(tokens) {
        Some(Lit::Int(value)) => value.base10_parse::<f64>().ok(),
        Some(Lit::Float(value)) => value.base10_parse::<f64>().ok(),
        _ => None,
    };
    match number {
        None => Err(not(tokens, "a factor", "a number such as `2` or `1.5`")),
        Some(number) if number < 1.0 => Err(syn::Error::new_spanned(
            tokens,
            "a factor below 1 makes each wait shorter than the last: write `1` for equal waits, `2` to double them",
        )),
        Some(number) if !number.is_finite() => {
            Err(not(tokens, "a factor", "a number such as `2` or `1.5`"))
        }
        Some(number) => Ok(number),
    }
}

/// A string.
pub(crate) fn string(tokens: &TokenStream) -> syn::Result<LitStr> {
    syn::parse2(tokens.clone())
        .map_err(|_| not(tokens, "a string", &format!("`{:?}`", text::source(tokens))))
}

/// A string that is not blank and has no control characters: a label of people's choice.
pub(crate) fn label(tokens: &TokenStream) -> syn::Result<String> {
    let value = string(tokens)?.value();
    if value.trim().is_empty() {
        Err(syn::Error::new_spanned(tokens, "this is empty: write a name, or leave the option out"))
    } else if value.trim() != value || value.chars().any(char::is_control) {
        Err(not(tokens, "a name", "it without blanks around it and without control characters"))
    } else {
        Ok(value)
    }
}

/// Whether this is a name of 1 to 64 characters of `a` to `z`, `0` to `9` and `-`.
pub(crate) fn is_name(name: &str) -> bool {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=64).contains(&name.len()) && name.chars().all(legal)
}

/// The legal name that is nearest to `name`; `None` when nothing of it can stay.
pub(crate) fn legal_name(name: &str) -> Option<String> {
    let mut legal = String::new();
    for character in text::kebab(name).chars() {
        match character {
            'a'..='z' | '0'..='9' => legal.push(character),
            _ if legal.is_empty() || legal.ends_with('-') => {}
            _ => legal.push('-'),
        }
    }
    legal.truncate(64);
    let legal = legal.trim_end_matches('-');
    (!legal.is_empty()).then(|| legal.to_owned())
}

/// A step's or a node's name.
pub(crate) fn name(tokens: &TokenStream) -> syn::Result<String> {
    let value = string(tokens)?.value();
    if is_name(&value) {
        return Ok(value);
    }
    let suggestion = legal_name(&value).unwrap_or_else(|| "fetch-rates".to_owned());
    let rule = "a name (1 to 64 of `a` to `z`, `0` to `9` and `-`)";
    Err(not(tokens, rule, &format!("`\"{suggestion}\"`")))
}

/// A path, such as a function's.
pub(crate) fn path(tokens: &TokenStream) -> syn::Result<syn::Path> {
    syn::parse2(tokens.clone()).map_err(|_| {
        not(tokens, "a function's path", "the name of a function, such as `is_transient`")
    })
}

/// An expression.
pub(crate) fn expression(tokens: &TokenStream) -> syn::Result<syn::Expr> {
    syn::parse2(tokens.clone()).map_err(|_| {
        not(tokens, "an expression", "a parameter's name, or an expression of parameters")
    })
}

/// A list of strings: `["a", "b"]`.
pub(crate) fn labels(tokens: &TokenStream) -> syn::Result<Vec<String>> {
    let array: syn::ExprArray = syn::parse2(tokens.clone())
        .map_err(|_| not(tokens, "a list of strings", "`[\"a\", \"b\"]`"))?;
    let mut labels = Vec::new();
    for element in &array.elems {
        let value = label(&quote::ToTokens::to_token_stream(element))?;
        if labels.contains(&value) {
            return Err(syn::Error::new_spanned(element, "this is in the list already: remove it"));
        }
        labels.push(value);
    }
    Ok(labels)
}

/// One of the words of a set, as a string or as it is: `jitter = "full"`, `on = all_done`.
pub(crate) fn word<T: Copy>(
    tokens: &TokenStream,
    what: &str,
    words: &[(&str, T)],
) -> syn::Result<T> {
    let value = match syn::parse2::<syn::Ident>(tokens.clone()) {
        Ok(word) => word.to_string(),
        Err(_) => string(tokens)?.value(),
    };
    let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    words
        .iter()
        .find(|(word, _)| *word == value)
        .map(|(_, meaning)| *meaning)
        .ok_or_else(|| {
            let message = crate::diagnostics::unknown(what, &value, &known);
            syn::Error::new_spanned(tokens, message)
        })
}

const DURATION: &str = "`\"10s\"`, `\"1m30s\"`, `\"200ms\"`, or a number of seconds";

/// A duration: `"10m"`, `"1h30m"`, `"200ms"`, or a number of seconds.
pub(crate) fn duration(tokens: &TokenStream) -> syn::Result<Duration> {
    let wrong = || not(tokens, "a duration", DURATION);
    let parsed = match literal(tokens) {
        Some(Lit::Str(value)) => parse_duration(&value.value()),
        Some(Lit::Int(value)) if value.suffix().is_empty() => seconds(value.base10_digits()),
        Some(Lit::Float(value)) if value.suffix().is_empty() => seconds(value.base10_digits()),
        Some(Lit::Int(value)) => Err(suffixed(&value.to_string())),
        Some(Lit::Float(value)) => Err(suffixed(&value.to_string())),
        _ => Err(Wrong::Form(None)),
    };
    parsed.map_err(|why| match why {
        Wrong::Form(None) => wrong(),
        Wrong::Form(Some(better)) => not(tokens, "a duration", &better),
        Wrong::TooLong => syn::Error::new_spanned(
            tokens,
            "this is longer than a century: leave the option out for no bound",
        ),
    })
}

/// A duration longer than zero; `zero` says what zero would mean.
pub(crate) fn span(tokens: &TokenStream, zero: &str) -> syn::Result<Duration> {
    let duration = duration(tokens)?;
    if duration.is_zero() {
        Err(syn::Error::new_spanned(tokens, zero))
    } else {
        Ok(duration)
    }
}

/// A range of durations: `"200ms..30s"`.
pub(crate) fn range(tokens: &TokenStream) -> syn::Result<(Duration, Duration)> {
    let wrong = |way_out: &str| not(tokens, "a range of waits", way_out);
    let example = "the first and the longest, as in `\"200ms..30s\"`";
    let value = match literal(tokens) {
        Some(Lit::Str(value)) => value.value(),
        _ => return Err(wrong(example)),
    };
    let Some((first, longest)) = value.split_once("..") else {
        return match parse_duration(&value) {
            Ok(_) => Err(wrong(&format!("`\"{value}..30s\"`, or `\"{value}..{value}\"` for equal waits"))),
            Err(_) => Err(wrong(example)),
        };
    };
    let side = |text: &str| match parse_duration(text.trim()) {
        Ok(duration) => Ok(duration),
        Err(_) => {
            let message = format!("`{text}` is not a duration: write {example}");
            Err(syn::Error::new_spanned(tokens, message))
        }
    };
    let longest = longest.strip_prefix('=').unwrap_or(longest);
    Ok((side(first)?, side(longest)?))
}

/// Why a text is no duration.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It is written wrongly; perhaps with what was meant.
    Form(Option<String>),
    /// It is longer than [`LONGEST`].
    TooLong,
}

/// `10s` without quotes, which Rust reads as a number with a suffix.
fn suffixed(text: &str) -> Wrong {
    match parse_duration(text) {
        Ok(_) => Wrong::Form(Some(format!("it in quotes, `\"{text}\"`"))),
        Err(why) => why,
    }
}

fn seconds(digits: &str) -> Result<Duration, Wrong> {
    let nanoseconds = scale(digits, 1_000_000_000)?;
    checked(nanoseconds)
}

/// Reads `1h30m`, `200ms`, `1.5s`, with or without blanks between the parts.
pub(super) fn parse_duration(text: &str) -> Result<Duration, Wrong> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(Wrong::Form(None));
    }
    let mut nanoseconds = 0_u128;
    let mut smallest = u128::MAX;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let tail = tail.trim_start();
        let letters = tail.find(|c: char| !c.is_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        if number.is_empty() {
            return Err(Wrong::Form(None));
        }
        let Some(size) = unit_size(unit) else {
            return Err(Wrong::Form(rewritten(text, number, unit)));
        };
        if size >= smallest {
            // Units go from large to small: `30m1h` and `1s1s` are slips.
            return Err(Wrong::Form(None));
        }
        smallest = size;
        nanoseconds = nanoseconds.saturating_add(scale(number, size)?);
        rest = tail.trim_start();
    }
    checked(nanoseconds)
}

/// What was probably meant by one number with a unit that is spelt out or missing.
fn rewritten(text: &str, number: &str, unit: &str) -> Option<String> {
    if !text.trim().starts_with(number) {
        return None;
    }
    let short = match unit.to_lowercase().as_str() {
        "" => return Some(format!("`\"{number}s\"`, or the number without quotes for seconds")),
        "millis" | "millisecond" | "milliseconds" | "msec" => "ms",
        "sec" | "secs" | "second" | "seconds" => "s",
        "min" | "mins" | "minute" | "minutes" => "m",
        "hr" | "hrs" | "hour" | "hours" => "h",
        "day" | "days" => "d",
        _ => return None,
    };
    Some(format!("`\"{number}{short}\"`"))
}

/// A unit's size in nanoseconds.
fn unit_size(unit: &str) -> Option<u128> {
    let second = 1_000_000_000;
    Some(match unit {
        "ns" => 1,
        "us" | "µs" => 1_000,
        "ms" => 1_000_000,
        "s" => second,
        "m" => 60 * second,
        "h" => 3_600 * second,
        "d" => 86_400 * second,
        _ => return None,
    })
}

/// A decimal number times a whole one, exactly, or cut off below one.
fn scale(number: &str, size: u128) -> Result<u128, Wrong> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return Err(Wrong::Form(None));
    }
    let whole: u128 = whole.parse().map_err(|_| Wrong::TooLong)?;
    // Nine digits say a nanosecond of a second; more digits than sixteen could overflow.
    let fraction = &fraction[..fraction.len().min(16)];
    let parts = fraction.parse::<u128>().map_err(|_| Wrong::Form(None))?;
    let divisor = 10_u128.pow(u32::try_from(fraction.len()).map_err(|_| Wrong::Form(None))?);
    Ok(whole
        .saturating_mul(size)
        .saturating_add(parts * size / divisor))
}

fn checked(nanoseconds: u128) -> Result<Duration, Wrong> {
    if nanoseconds > LONGEST.as_nanos() {
        return Err(Wrong::TooLong);
    }
    let seconds = u64::try_from(nanoseconds / 1_000_000_000).map_err(|_| Wrong::TooLong)?;
    let rest = u32::try_from(nanoseconds % 1_000_000_000).map_err(|_| Wrong::TooLong)?;
    Ok(Duration::new(seconds, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: PartialEq + std::fmt::Debug>(
        read: impl Fn(&TokenStream) -> syn::Result<T>,
        rows: &[(&str, Result<T, &str>)],
    ) {
        for (text, expected) in rows {
            let found = read(&text.parse().unwrap()).map_err(|error| error.to_string());
            match (found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(&found, expected, "{text}"),
                (Err(found), Err(expected)) => assert_eq!(&found, expected, "{text}"),
                (found, expected) => panic!("{text}: {found:?}, not {expected:?}"),
            }
        }
    }

    #[test]
    fn durations() {
        let ms = Duration::from_millis;
        let s = Duration::from_secs;
        check(
            duration,
            &[
                ("10", Ok(s(10))),
                ("0.5", Ok(ms(500))),
                ("0", Ok(s(0))),
                ("\"10s\"", Ok(s(10))),
                ("\"10m\"", Ok(s(600))),
                ("\"1h30m\"", Ok(s(5400))),
                ("\"1h 30m\"", Ok(s(5400))),
                ("\"200ms\"", Ok(ms(200))),
                ("\"1.5s\"", Ok(ms(1500))),
                ("\"3d\"", Ok(s(3 * 86_400))),
                ("\"7us\"", Ok(Duration::from_micros(7))),
                (
                    "\"10 parsecs\"",
                    Err("`\"10 parsecs\"` is not a duration: write `\"10s\"`, `\"1m30s\"`, `\"200ms\"`, or a number of seconds"),
                ),
                (
                    "\"10 seconds\"",
                    Err("`\"10 seconds\"` is not a duration: write `\"10s\"`"),
                ),
                (
                    "\"10\"",
                    Err("`\"10\"` is not a duration: write `\"10s\"`, or the number without quotes for seconds"),
                ),
                ("10s", Err("`10s` is not a duration: write it in quotes, `\"10s\"`")),
                (
                    "-3",
                    Err("`-3` is not a duration: write `\"10s\"`, `\"1m30s\"`, `\"200ms\"`, or a number of seconds"),
                ),
                (
                    "\"30m1h\"",
                    Err("`\"30m1h\"` is not a duration: write `\"10s\"`, `\"1m30s\"`, `\"200ms\"`, or a number of seconds"),
                ),
                (
                    "\"1.2.3s\"",
                    Err("`\"1.2.3s\"` is not a duration: write `\"10s\"`, `\"1m30s\"`, `\"200ms\"`, or a number of seconds"),
                ),
                (
                    "\"\"",
                    Err("`\"\"` is not a duration: write `\"10s\"`, `\"1m30s\"`, `\"200ms\"`, or a number of seconds"),
                ),
                (
                    "\"40000d\"",
                    Err("this is longer than a century: leave the option out for no bound"),
                ),
                (
                    "999999999999999999999999999999999999999999999999",
                    Err("this is longer than a century: leave the option out for no bound"),
                ),
            ],
        );
    }

    #[test]
    fn ranges() {
        check(
            range,
            &[
                ("\"200ms..30s\"", Ok((Duration::from_millis(200), Duration::from_secs(30)))),
                ("\"1s ..= 1m\"", Ok((Duration::from_secs(1), Duration::from_secs(60)))),
                (
                    "\"1s\"",
                    Err("`\"1s\"` is not a range of waits: write `\"1s..30s\"`, or `\"1s..1s\"` for equal waits"),
                ),
                (
                    "\"1s..x\"",
                    Err("`x` is not a duration: write the first and the longest, as in `\"200ms..30s\"`"),
                ),
                (
                    "5",
                    Err("`5` is not a range of waits: write the first and the longest, as in `\"200ms..30s\"`"),
                ),
            ],
        );
    }

    #[test]
    fn numbers() {
        check(
            count,
            &[
                ("3", Ok(3)),
                ("3u32", Ok(3)),
                ("1_000", Ok(1000)),
                ("-3", Err("`-3` is not a number: write a whole number such as `3`")),
                ("3.5", Err("`3.5` is not a number: write a whole number such as `3`")),
                ("MAX", Err("`MAX` is not a number: write a whole number such as `3`")),
                (
                    "5000000000",
                    Err("`5000000000` is not a number up to 4294967295: write a smaller one"),
                ),
            ],
        );
        check(
            |tokens| positive(tokens, "zero is nothing"),
            &[("1", Ok(1)), ("0", Err("zero is nothing"))],
        );
        check(
            factor,
            &[
                ("2", Ok(2.0)),
                ("1.5", Ok(1.5)),
                (
                    "0.5",
                    Err("a factor below 1 makes each wait shorter than the last: write `1` for equal waits, `2` to double them"),
                ),
                ("\"x\"", Err("`\"x\"` is not a factor: write a number such as `2` or `1.5`")),
            ],
        );
    }

    #[test]
    fn names_and_lists() {
        check(
            name,
            &[
                ("\"review-sql-results\"", Ok("review-sql-results".to_owned())),
                (
                    "\"Review SQL\"",
                    Err("`\"Review SQL\"` is not a name (1 to 64 of `a` to `z`, `0` to `9` and `-`): write `\"review-sql\"`"),
                ),
                (
                    "\"\"",
                    Err("`\"\"` is not a name (1 to 64 of `a` to `z`, `0` to `9` and `-`): write `\"fetch-rates\"`"),
                ),
                ("review", Err("`review` is not a string: write `\"review\"`")),
            ],
        );
        assert!(is_name(&"a".repeat(64)) && !is_name(&"a".repeat(65)));
        assert_eq!(legal_name(&"a b".repeat(40)).map(|name| name.len()), Some(64));
        check(
            labels,
            &[
                ("[\"a\", \"b\"]", Ok(vec!["a".to_owned(), "b".to_owned()])),
                ("[]", Ok(vec![])),
                ("\"a\"", Err("`\"a\"` is not a list of strings: write `[\"a\", \"b\"]`")),
                ("[\"a\", \"a\"]", Err("this is in the list already: remove it")),
                ("[\" \"]", Err("this is empty: write a name, or leave the option out")),
            ],
        );
    }
}
