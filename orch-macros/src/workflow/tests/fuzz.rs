//! Whatever stands in the braces, the macro never panics, always gives items, and keeps what it understood.

use proc_macro2::TokenStream;
use proptest::prelude::*;

use crate::workflow::workflow;

/// Workflows that use every form of the language.
const SAMPLES: [&str; 5] = [
    "pub A(n: u32) -> u32 { a = f(n); b = g(&a); c = h(&a, b.clone()); a + c }",
    "/// Docs.\n#[workflow(version = \"1.0\", deadline = \"10m\")]\npub B(xs: Vec<u32>) -> Result<Out, Error> { \
     ys = for x in &xs { p = f(x); g(&p) }; \
     k = if ys.is_empty() { f(0) } else { match ys.len() { 1 => g(&ys), n if n > 3 => h(n), _ => f(1) } }; \
     #[node(after = [ys], retries = 3, on = all_done)] l = f(k); Out { ys, l } }",
    "C() { a = f().or_else(g(), when = is_bad); b = turn(a).repeat(max = 5, every = \"1s\"); \
     c = Other::run(b).outcome(); #[node(finally)] done(c); }",
    "pub D(s: String) -> (String, u8) { t = format!(\"{s} {}\", s.len()); \
     for w in t.split(' ').collect::<Vec<_>>() { f(w) } (t, |x: u8| x + 1) }",
    "#[workflow(durable, version = \"1.2.0\", compatible_with = [\"1.1.0\"], max_active_runs = 4, overlap = skip, \
     priority = high, schedule(cron = \"0 6 * * 1-5\", time_zone = \"Europe/Berlin\", catch_up = all(3), jitter = \"30s\"), stuck_after = 60)]\n\
     pub E() -> Option<u8> { s = signal::<Vec<u8>>(timeout = \"3d\"); w = sleep(\"10d\"); v = sleep(d * 2); \
     #[node(transient)] d = f(); #[node(key = x.id, after = [w, v])] ys = for x in s.iter() { a = signal::<u8>(); g(x, a) }; \
     #[node(checkpoint_after(approvers = [\"a\"], expires = 60, on_expire = approve), allow_skip = \"no\")] k = h(&ys); k }",
];

/// Words of the language and around it.
const WORDS: [&str; 44] = [
    "a",
    "b",
    "f",
    "=",
    ";",
    ",",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "for",
    "in",
    "if",
    "else",
    "match",
    "=>",
    "let",
    "return",
    ".await",
    "?",
    "&",
    ".",
    "::",
    "#",
    "\"x\"",
    "1",
    "|",
    "->",
    "node",
    "after",
    "on",
    "r#match",
    "'a",
    "_",
    "signal",
    "sleep",
    "::<u8>",
    "durable",
    "workflow",
    "transient",
    "key",
    "\"1d\"",
];

/// The words of a text, with their separators.
fn words(text: &str) -> Vec<String> {
    let tokens: TokenStream = text.parse().unwrap();
    let mut words = Vec::new();
    flatten(tokens, &mut words);
    words
}

fn flatten(tokens: TokenStream, words: &mut Vec<String>) {
    for token in tokens {
        let proc_macro2::TokenTree::Group(group) = &token else {
            words.push(token.to_string());
            continue;
        };
        let (open, close) = match group.delimiter() {
            proc_macro2::Delimiter::Parenthesis => ("(", ")"),
            proc_macro2::Delimiter::Brace => ("{", "}"),
            proc_macro2::Delimiter::Bracket => ("[", "]"),
            proc_macro2::Delimiter::None => ("", ""),
        };
        words.push(open.to_owned());
        flatten(group.stream(), words);
        words.push(close.to_owned());
    }
}

/// Expands what can be tokens at all, and says whether it gives items.
fn gives_items(text: &str) -> Result<(), TestCaseError> {
    let Ok(tokens) = text.parse::<TokenStream>() else {
        return Ok(());
    };
    let expanded = workflow(tokens);
    let parsed = syn::parse2::<syn::File>(expanded.clone());
    prop_assert!(parsed.is_ok(), "{text}\n{:?}\n{expanded}", parsed.err());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn any_words_at_all(words in prop::collection::vec(prop::sample::select(&WORDS[..]), 0..60)) {
        gives_items(&words.join(" "))?;
    }

    #[test]
    fn any_words_in_the_braces(words in prop::collection::vec(prop::sample::select(&WORDS[..]), 0..60)) {
        gives_items(&format!("A(n: u32) -> u32 {{ {} }}", words.join(" ")))?;
    }

    #[test]
    fn a_workflow_with_words_lost_doubled_or_replaced(
        sample in prop::sample::select(&SAMPLES[..]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..3_u8, prop::sample::select(&WORDS[..])), 1..6),
    ) {
        let mut words = words(sample);
        for (at, change, word) in changes {
            if words.is_empty() {
                break;
            }
            let at = at.index(words.len());
            match change {
                0 => { words.remove(at); }
                1 => words.insert(at, word.to_owned()),
                _ => words[at] = word.to_owned(),
            }
        }
        gives_items(&words.join(" "))?;
    }
}

#[test]
fn every_beginning_of_a_workflow_gives_items() {
    for sample in SAMPLES {
        let words = words(sample);
        for end in 0..words.len() {
            let mut text = words[..end].join(" ");
            // Editors close what is open.
            let mut open = Vec::new();
            for word in &words[..end] {
                match word.as_str() {
                    "(" => open.push(")"),
                    "[" => open.push("]"),
                    "{" => open.push("}"),
                    ")" | "]" | "}" => {
                        open.pop();
                    }
                    _ => {}
                }
            }
            for close in open.iter().rev() {
                text.push_str(close);
            }
            gives_items(&text).unwrap();
        }
    }
}

#[test]
fn a_half_typed_equation_leaves_the_others_expanded() {
    let equations = ["a = f(&n)", "b = f(&n)", "c = f(&b)", "d = f(&n)"];
    for broken in [
        "a = ",
        "a = f(&n).",
        "a = f(&n",
        "a = &",
        "a = if",
        "a = for x in",
        "a = f(,)",
    ] {
        let text = format!(
            "A(n: u32) -> u32 {{ {}; {}; {}; {}; b + c + d }}",
            if broken.ends_with("(&n") {
                "a = f(&n) x"
            } else {
                broken
            },
            equations[1],
            equations[2],
            equations[3]
        );
        let expanded = workflow(text.parse().unwrap()).to_string();
        assert!(expanded.contains("compile_error"), "{broken}");
        for idx in 1..4 {
            let function = format!(" __n{idx} ");
            assert!(
                expanded.contains(&function),
                "{broken}: equation {idx} is lost\n{expanded}"
            );
        }
        assert!(!expanded.contains(" __n0 "), "{broken}");
    }
}
