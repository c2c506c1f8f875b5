//! Durations and ranges of them: `"1h30m"`, `"200ms..30s"`.

use std::time::Duration;

use proc_macro2::{Literal, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Lit;

use super::value::{literal, not};

/// The longest duration an option takes: a century, so that adding it to a time never overflows.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// How durations are written.
const DURATION: &str = "`\"10s\"`, `\"1m30s\"`, `\"200ms\"`, or a number of seconds";

/// A duration: `"10m"`, `"1h30m"`, `"200ms"`, or a number of seconds.
pub(crate) fn read(tokens: &TokenStream) -> syn::Result<Duration> {
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
pub(crate) fn nonzero(tokens: &TokenStream, zero: &str) -> syn::Result<Duration> {
    let duration = read(tokens)?;
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
            Ok(_) => Err(wrong(&format!(
                "`\"{value}..30s\"`, or `\"{value}..{value}\"` for equal waits"
            ))),
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
#[derive(PartialEq, Eq)]
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
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let tail = tail.trim_start();
        let letters = tail
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(tail.len());
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
        "" => {
            return Some(format!(
                "`\"{number}s\"`, or the number without quotes for seconds"
            ));
        }
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

/// A duration as a constant expression.
pub(crate) fn tokens(duration: Duration) -> TokenStream {
    let (unit, number) = if duration.subsec_nanos() == 0 {
        ("from_secs", Literal::u64_unsuffixed(duration.as_secs()))
    } else if let (0, Ok(millis)) = (
        duration.subsec_nanos() % 1_000_000,
        u64::try_from(duration.as_millis()),
    ) {
        ("from_millis", Literal::u64_unsuffixed(millis))
    } else {
        let (seconds, rest) = (duration.as_secs(), duration.subsec_nanos());
        return quote!(Duration::new(#seconds, #rest));
    };
    let unit = syn::Ident::new(unit, Span::mixed_site());
    quote_spanned!(Span::mixed_site()=> Duration::#unit(#number))
}

#[cfg(test)]
mod tests {
    use super::super::value::tests::check;
    use super::*;

    #[test]
    fn durations() {
        let ms = Duration::from_millis;
        let s = Duration::from_secs;
        check(
            read,
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
                    Err(
                        "`\"10 parsecs\"` is not a duration: write `\"10s\"`, `\"1m30s\"`, `\"200ms\"`, or a number of seconds",
                    ),
                ),
                (
                    "\"10 seconds\"",
                    Err("`\"10 seconds\"` is not a duration: write `\"10s\"`"),
                ),
                (
                    "\"10\"",
                    Err(
                        "`\"10\"` is not a duration: write `\"10s\"`, or the number without quotes for seconds",
                    ),
                ),
                (
                    "10s",
                    Err("`10s` is not a duration: write it in quotes, `\"10s\"`"),
                ),
                (
                    "-3",
                    Err(
                        "`-3` is not a duration: write `\"10s\"`, `\"1m30s\"`, `\"200ms\"`, or a number of seconds",
                    ),
                ),
                (
                    "\"30m1h\"",
                    Err(
                        "`\"30m1h\"` is not a duration: write `\"10s\"`, `\"1m30s\"`, `\"200ms\"`, or a number of seconds",
                    ),
                ),
                (
                    "\"1.2.3s\"",
                    Err(
                        "`\"1.2.3s\"` is not a duration: write `\"10s\"`, `\"1m30s\"`, `\"200ms\"`, or a number of seconds",
                    ),
                ),
                (
                    "\"\"",
                    Err(
                        "`\"\"` is not a duration: write `\"10s\"`, `\"1m30s\"`, `\"200ms\"`, or a number of seconds",
                    ),
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
                (
                    "\"200ms..30s\"",
                    Ok((Duration::from_millis(200), Duration::from_secs(30))),
                ),
                (
                    "\"1s ..= 1m\"",
                    Ok((Duration::from_secs(1), Duration::from_secs(60))),
                ),
                (
                    "\"1s\"",
                    Err(
                        "`\"1s\"` is not a range of waits: write `\"1s..30s\"`, or `\"1s..1s\"` for equal waits",
                    ),
                ),
                (
                    "\"1s..x\"",
                    Err(
                        "`x` is not a duration: write the first and the longest, as in `\"200ms..30s\"`",
                    ),
                ),
                (
                    "5",
                    Err(
                        "`5` is not a range of waits: write the first and the longest, as in `\"200ms..30s\"`",
                    ),
                ),
            ],
        );
    }
}
