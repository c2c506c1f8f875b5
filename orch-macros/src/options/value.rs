//! The values of options: numbers, names, paths. An error is at the value and says the way out.

use proc_macro2::TokenStream;
use syn::{Lit, LitStr};

use crate::text;

/// An error at the value: "`{value}` is not {what}: write {way_out}".
pub(super) fn not(tokens: &TokenStream, what: &str, way_out: &str) -> syn::Error {
    let shown = text::source(tokens);
    syn::Error::new_spanned(tokens, format!("`{shown}` is not {what}: write {way_out}"))
}

pub(super) fn literal(tokens: &TokenStream) -> Option<Lit> {
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
        Some(Lit::Int(value)) if is_natural(&value) => value.base10_parse().map_err(|_| {
            let most = format!("a number up to {}: write a smaller one", u32::MAX);
            syn::Error::new_spanned(tokens, format!("`{value}` is not {most}"))
        }),
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
        Err(syn::Error::new_spanned(
            tokens,
            "this is empty: write a name, or leave the option out",
        ))
    } else if value.trim() != value || value.chars().any(char::is_control) {
        Err(not(
            tokens,
            "a name",
            "it without blanks around it and without control characters",
        ))
    } else {
        Ok(value)
    }
}

/// Whether this is a name of 1 to 64 characters of `a` to `z`, `0` to `9` and `-`.
pub(crate) fn is_name(name: &str) -> bool {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=64).contains(&name.len()) && name.chars().all(legal)
}

/// The legal name that is nearest to `name`; `None` when letters would be lost, or nothing of it can stay.
pub(crate) fn legal_name(name: &str) -> Option<String> {
    if name.chars().any(|c| c.is_alphanumeric() && !c.is_ascii()) {
        return None;
    }
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
    let way_out = match legal_name(&value) {
        Some(legal) => format!("`\"{legal}\"`"),
        None if value.is_ascii() => "`\"fetch-rates\"`".to_owned(),
        None => "it in ASCII, as in `\"fetch-rates\"`".to_owned(),
    };
    let rule = "a name (1 to 64 of `a` to `z`, `0` to `9` and `-`)";
    Err(not(tokens, rule, &way_out))
}

/// A path, such as a function's.
pub(crate) fn path(tokens: &TokenStream) -> syn::Result<syn::Path> {
    syn::parse2(tokens.clone()).map_err(|_| {
        not(
            tokens,
            "a function's path",
            "the name of a function, such as `is_transient`",
        )
    })
}

/// An expression.
pub(crate) fn expression(tokens: &TokenStream) -> syn::Result<syn::Expr> {
    syn::parse2(tokens.clone()).map_err(|_| {
        not(
            tokens,
            "an expression",
            "a parameter's name, or an expression of parameters",
        )
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
            return Err(syn::Error::new_spanned(
                element,
                "this is in the list already: remove it",
            ));
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

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::options) fn check<T: PartialEq + std::fmt::Debug>(
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
    fn numbers() {
        check(
            count,
            &[
                ("3", Ok(3)),
                ("3u32", Ok(3)),
                ("1_000", Ok(1000)),
                (
                    "-3",
                    Err("`-3` is not a number: write a whole number such as `3`"),
                ),
                (
                    "3.5",
                    Err("`3.5` is not a number: write a whole number such as `3`"),
                ),
                (
                    "MAX",
                    Err("`MAX` is not a number: write a whole number such as `3`"),
                ),
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
                    Err(
                        "a factor below 1 makes each wait shorter than the last: write `1` for equal waits, `2` to double them",
                    ),
                ),
                (
                    "\"x\"",
                    Err("`\"x\"` is not a factor: write a number such as `2` or `1.5`"),
                ),
            ],
        );
    }

    #[test]
    fn names_and_lists() {
        check(
            name,
            &[
                (
                    "\"review-sql-results\"",
                    Ok("review-sql-results".to_owned()),
                ),
                (
                    "\"Review SQL\"",
                    Err(
                        "`\"Review SQL\"` is not a name (1 to 64 of `a` to `z`, `0` to `9` and `-`): write `\"review-sql\"`",
                    ),
                ),
                (
                    "\"\"",
                    Err(
                        "`\"\"` is not a name (1 to 64 of `a` to `z`, `0` to `9` and `-`): write `\"fetch-rates\"`",
                    ),
                ),
                (
                    "\"größe\"",
                    Err(
                        "`\"größe\"` is not a name (1 to 64 of `a` to `z`, `0` to `9` and `-`): write it in ASCII, as in `\"fetch-rates\"`",
                    ),
                ),
                (
                    "review",
                    Err("`review` is not a string: write `\"review\"`"),
                ),
            ],
        );
        assert!(is_name(&"a".repeat(64)) && !is_name(&"a".repeat(65)));
        assert_eq!(
            legal_name(&"a b".repeat(40)).map(|name| name.len()),
            Some(64)
        );
        check(
            labels,
            &[
                ("[\"a\", \"b\"]", Ok(vec!["a".to_owned(), "b".to_owned()])),
                ("[]", Ok(vec![])),
                (
                    "\"a\"",
                    Err("`\"a\"` is not a list of strings: write `[\"a\", \"b\"]`"),
                ),
                (
                    "[\"a\", \"a\"]",
                    Err("this is in the list already: remove it"),
                ),
                (
                    "[\" \"]",
                    Err("this is empty: write a name, or leave the option out"),
                ),
            ],
        );
    }
}
