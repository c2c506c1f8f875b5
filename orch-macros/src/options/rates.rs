//! Rates and shares: `"50/s"`, `"5%"`.

use std::time::Duration;

use proc_macro2::TokenStream;
use syn::Lit;

use super::duration::parse_duration;
use crate::text;

/// So many in so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    /// How many; at least 1.
    pub(crate) permits: u32,
    /// In how long; longer than zero.
    pub(crate) period: Duration,
}

/// A rate: `"50/s"`, `"100/min"`, `"10/hour"`, `"1000/day"`, `"5/10s"`.
pub(crate) fn rate(tokens: &TokenStream) -> syn::Result<Rate> {
    let parsed = match syn::parse2(tokens.clone()) {
        Ok(Lit::Str(value)) => parse_rate(&value.value()),
        Ok(Lit::Int(value)) if value.suffix().is_empty() => Err(format!(
            "is not a rate: write `\"{value}/s\"` or `\"{value}/min\"`"
        )),
        _ => Err(FORM.to_owned()),
    };
    parsed.map_err(|why| {
        let message = format!("`{}` {why}", text::source(tokens));
        syn::Error::new_spanned(tokens, message)
    })
}

const FORM: &str =
    "is not a rate: write `\"50/s\"`, `\"100/min\"`, `\"10/hour\"` or `\"1000/day\"`";

fn parse_rate(text: &str) -> Result<Rate, String> {
    let Some((permits, period)) = text.split_once('/') else {
        return Err(match text.trim().parse::<u32>() {
            Ok(number) => format!("is not a rate: write `\"{number}/s\"` or `\"{number}/min\"`"),
            Err(_) => FORM.to_owned(),
        });
    };
    let (permits, period) = (permits.trim(), period.trim());
    if permits.is_empty() || !permits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(FORM.to_owned());
    }
    let Ok(permits) = permits.parse::<u32>() else {
        return Err("is faster than a clock can tell: leave the limit out".to_owned());
    };
    let period = match period {
        "s" | "sec" | "second" => Duration::from_secs(1),
        "m" | "min" | "minute" => Duration::from_secs(60),
        "h" | "hr" | "hour" => Duration::from_secs(3_600),
        "d" | "day" => Duration::from_secs(86_400),
        "ms" => Duration::from_millis(1),
        other => parse_duration(other).map_err(|_| FORM.to_owned())?,
    };
    if permits == 0 {
        return Err("lets nothing through: write at least 1, or leave the limit out".to_owned());
    }
    if period.is_zero() {
        return Err("counts over no time at all: write a longer span, as in `\"50/s\"`".to_owned());
    }
    if period.as_nanos() < u128::from(permits) {
        return Err("is faster than a clock can tell: leave the limit out".to_owned());
    }
    Ok(Rate { permits, period })
}

/// A share, `"5%"`, in millionths.
pub(crate) fn share(tokens: &TokenStream) -> syn::Result<u32> {
    let parsed = match syn::parse2(tokens.clone()) {
        Ok(Lit::Str(value)) => parse_share(&value.value()),
        _ => None,
    };
    parsed.ok_or_else(|| {
        let shown = text::source(tokens);
        let message =
            format!("`{shown}` is not a share: write `\"5%\"`, from `\"0%\"` to `\"100%\"`");
        syn::Error::new_spanned(tokens, message)
    })
}

fn parse_share(text: &str) -> Option<u32> {
    let number = text.trim().strip_suffix('%')?.trim();
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > 4 {
        return None;
    }
    // A percent is ten thousand millionths, so that four digits of a fraction are whole ones.
    let share = whole.parse::<u32>().ok()?.checked_mul(10_000)?
        + format!("{fraction:0<4}").parse::<u32>().ok()?;
    (share <= 1_000_000).then_some(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares() {
        for (text, expected) in [
            ("5%", Some(50_000)),
            ("0%", Some(0)),
            ("100 %", Some(1_000_000)),
            ("0.5%", Some(5_000)),
            ("0.0001%", Some(1)),
            ("0.00001%", None),
            ("101%", None),
            ("-1%", None),
            ("5", None),
            ("%", None),
            ("99999999999%", None),
        ] {
            assert_eq!(parse_share(text), expected, "{text}");
        }
    }

    #[test]
    fn rates() {
        let rate_of = |text: &str| rate(&text.parse().unwrap()).map_err(|error| error.to_string());
        let per = |permits, seconds| {
            Ok(Rate {
                permits,
                period: Duration::from_secs(seconds),
            })
        };
        for (text, expected) in [
            ("\"50/s\"", per(50, 1)),
            ("\"100/min\"", per(100, 60)),
            ("\"10 / hour\"", per(10, 3_600)),
            ("\"1000/day\"", per(1_000, 86_400)),
            ("\"5/10s\"", per(5, 10)),
            (
                "\"fast\"",
                Err(
                    "`\"fast\"` is not a rate: write `\"50/s\"`, `\"100/min\"`, `\"10/hour\"` or `\"1000/day\"`",
                ),
            ),
            (
                "\"-5/s\"",
                Err(
                    "`\"-5/s\"` is not a rate: write `\"50/s\"`, `\"100/min\"`, `\"10/hour\"` or `\"1000/day\"`",
                ),
            ),
            (
                "\"5/fortnight\"",
                Err(
                    "`\"5/fortnight\"` is not a rate: write `\"50/s\"`, `\"100/min\"`, `\"10/hour\"` or `\"1000/day\"`",
                ),
            ),
            (
                "50",
                Err("`50` is not a rate: write `\"50/s\"` or `\"50/min\"`"),
            ),
            (
                "\"50\"",
                Err("`\"50\"` is not a rate: write `\"50/s\"` or `\"50/min\"`"),
            ),
            (
                "\"0/s\"",
                Err("`\"0/s\"` lets nothing through: write at least 1, or leave the limit out"),
            ),
            (
                "\"5/0s\"",
                Err("`\"5/0s\"` counts over no time at all: write a longer span, as in `\"50/s\"`"),
            ),
            (
                "\"4000000000/s\"",
                Err("`\"4000000000/s\"` is faster than a clock can tell: leave the limit out"),
            ),
            (
                "\"9000000000/s\"",
                Err("`\"9000000000/s\"` is faster than a clock can tell: leave the limit out"),
            ),
        ] {
            assert_eq!(rate_of(text), expected.map_err(ToOwned::to_owned), "{text}");
        }
    }
}
