//! One collector for every error of an expansion, and the words of a suggestion.

use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::ToTokens;

/// The errors of one expansion.
///
/// Every phase reports into the same collector, so that all mistakes show in one pass.
/// Forgetting to report what was collected is a panic in tests.
#[must_use]
pub(crate) struct Errors {
    list: Vec<syn::Error>,
    #[cfg(test)]
    reported: bool,
}

impl Errors {
    /// No errors yet.
    pub(crate) fn new() -> Self {
        Self {
            list: Vec::new(),
            #[cfg(test)]
            reported: false,
        }
    }

    /// Adds an error.
    pub(crate) fn push(&mut self, error: syn::Error) {
        self.list.push(error);
    }

    /// Adds an error at these tokens.
    pub(crate) fn at(&mut self, place: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(place, message));
    }

    /// The value, or `None` and its error is added.
    pub(crate) fn accept<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// Does a part of the work with a collector of its own, and says whether that part was clean.
    pub(crate) fn scope<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> (T, bool) {
        let mut child = Self::new();
        let done = work(&mut child);
        let clean = child.is_empty();
        self.combine(child);
        (done, clean)
    }

    /// Takes over the errors of another collector.
    pub(crate) fn combine(&mut self, other: Self) {
        self.list.extend(other.into_list());
    }

    /// Forgets the errors: what they were about is done anew.
    pub(crate) fn discard(self) {
        drop(self.into_list());
    }

    /// Whether there is no error so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The errors, in the order they were found.
    pub(crate) fn into_list(mut self) -> Vec<syn::Error> {
        #[cfg(test)]
        {
            self.reported = true;
        }
        std::mem::take(&mut self.list)
    }

    /// The errors as `compile_error!` items; nothing when there are none.
    pub(crate) fn into_tokens(self) -> TokenStream {
        self.into_list()
            .iter()
            .map(syn::Error::to_compile_error)
            .collect()
    }
}

#[cfg(test)]
impl Drop for Errors {
    fn drop(&mut self) {
        assert!(
            self.reported || std::thread::panicking(),
            "errors were collected and never reported"
        );
    }
}

/// The candidate that `name` is most likely meant to be; of equals, the one that comes first.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str> + Clone,
) -> Option<&'a str> {
    let length = name.chars().count();
    // A name of one letter is near to nothing but itself.
    let within = (length / 3).max(1).min(length.saturating_sub(1));
    let close = candidates
        .clone()
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= within)
        .min_by_key(|(distance, _)| *distance);
    let related = |candidate: &&str| {
        let shared = name
            .chars()
            .zip(candidate.chars())
            .take_while(|(a, b)| a == b);
        shared.count() >= 4
            || name.len().min(candidate.len()) >= 3
                && (name.contains(candidate) || candidate.contains(name))
    };
    close
        .map(|(_, candidate)| candidate)
        .or_else(|| candidates.into_iter().find(related))
}

/// Says that `name` is unknown: with the nearest candidate, or with all of them.
pub(crate) fn unknown(kind: &str, name: &str, candidates: &[&str]) -> String {
    match nearest(name, candidates.iter().copied()) {
        Some(candidate) => format!("unknown {kind} `{name}`, did you mean `{candidate}`?"),
        None => format!("unknown {kind} `{name}`: write {}", any_of(candidates)),
    }
}

/// "`a`, `b` or `c`".
pub(crate) fn any_of(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        None => "nothing".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

/// How many insertions, deletions, replacements and swaps of neighbors lie between two words.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_edits_and_swaps() {
        for (a, b, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("retries", "retries", 0),
            ("retires", "retries", 1),
            ("retrie", "retries", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
            assert_eq!(distance(b, a), expected, "{b} {a}");
        }
    }

    #[test]
    fn the_nearest_name_is_close_or_related() {
        let options = ["retries", "retry_if", "timeout", "cache_ttl", "breaker"];
        for (name, expected) in [
            ("retires", Some("retries")),
            ("retry", Some("retries")),
            ("max_retries", Some("retries")),
            ("retry_ifs", Some("retry_if")),
            ("ttl", Some("cache_ttl")),
            ("circuit_breaker", Some("breaker")),
            ("tiemout", Some("timeout")),
            ("color", None),
            ("x", None),
        ] {
            assert_eq!(nearest(name, options), expected, "{name}");
        }
    }

    #[test]
    fn unknown_names_come_with_a_way_out() {
        assert_eq!(
            unknown("option", "retires", &["retries", "timeout"]),
            "unknown option `retires`, did you mean `retries`?"
        );
        assert_eq!(
            unknown("option", "color", &["retries", "timeout", "name"]),
            "unknown option `color`: write `retries`, `timeout` or `name`"
        );
        assert_eq!(
            unknown("option", "color", &["retries"]),
            "unknown option `color`: write `retries`"
        );
    }

    #[test]
    fn a_scope_says_whether_it_was_clean() {
        let mut errors = Errors::new();
        assert_eq!(errors.scope(|_| 1), (1, true));
        let (done, clean) = errors.scope(|errors| {
            errors.at(quote::quote!(x), "bad");
            2
        });
        assert_eq!((done, clean), (2, false));
        assert_eq!(errors.into_list().len(), 1);
    }

    #[test]
    #[should_panic(expected = "never reported")]
    fn forgetting_to_report_panics_in_tests() {
        drop(Errors::new());
    }
}
