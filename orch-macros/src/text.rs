//! Tokens and names as text: what the plan shows of the source.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt as _;

/// The tokens as a person would write them.
///
/// It depends on nothing but the tokens, so that the plan is the same under every compiler.
pub(crate) fn source(tokens: impl ToTokens) -> String {
    let mut printer = Printer::default();
    printer.stream(tokens.into_token_stream());
    printer.text
}

/// A name in kebab case: `fetch_rates`, `fetchRates` and `FetchRates` are `fetch-rates`.
pub(crate) fn kebab(name: &str) -> String {
    let mut kebab = String::with_capacity(name.len() + 4);
    let mut after_lower = false;
    for character in name.chars() {
        if character == '_' || character == '-' {
            if !kebab.is_empty() && !kebab.ends_with('-') {
                kebab.push('-');
            }
            after_lower = false;
        } else {
            if character.is_uppercase() && after_lower {
                kebab.push('-');
            }
            after_lower = character.is_lowercase() || character.is_numeric();
            kebab.extend(character.to_lowercase());
        }
    }
    kebab.truncate(kebab.trim_end_matches('-').len());
    kebab
}

/// An identifier's name without `r#`.
pub(crate) fn name_of(ident: &syn::Ident) -> String {
    ident.unraw().to_string()
}

/// The documentation comments as one string expression; `None` when there are none.
pub(crate) fn docs(attributes: &[syn::Attribute]) -> Option<TokenStream> {
    let lines: Vec<&syn::Expr> = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("doc"))
        .filter_map(|attribute| match &attribute.meta {
            syn::Meta::NameValue(pair) => Some(&pair.value),
            _ => None,
        })
        .collect();
    let literal: Option<Vec<String>> = lines.iter().map(|line| literal(line)).collect();
    match literal {
        Some(lines) if lines.is_empty() => None,
        Some(lines) => {
            let text = unindent(&lines);
            Some(quote!(#text))
        }
        // A line such as `#[doc = include_str!("…")]` is read by the compiler alone.
        None => Some(quote!(::core::concat!(#(#lines, "\n"),*))),
    }
}

/// What an attribute `#[deprecated]` says: its note, or that there is none.
pub(crate) fn deprecated(attributes: &[syn::Attribute]) -> Option<String> {
    let deprecated = attributes
        .iter()
        .find(|attribute| attribute.path().is_ident("deprecated"))?;
    let mut note = None;
    match &deprecated.meta {
        syn::Meta::NameValue(pair) => note = literal(&pair.value),
        syn::Meta::List(_) => {
            // What is wrong with it is for the compiler to say, which reads it as well.
            let _ = deprecated.parse_nested_meta(|part| {
                let text: syn::LitStr = part.value()?.parse()?;
                if part.path.is_ident("note") {
                    note = Some(text.value());
                }
                Ok(())
            });
        }
        syn::Meta::Path(_) => {}
    }
    Some(note.unwrap_or_else(|| "it is deprecated".to_owned()))
}

fn literal(line: &syn::Expr) -> Option<String> {
    match line {
        syn::Expr::Lit(syn::ExprLit {
            lit: syn::Lit::Str(text),
            ..
        }) => Some(text.value()),
        _ => None,
    }
}

/// The lines without the one space that a `///` comment begins with.
fn unindent(lines: &[String]) -> String {
    let lines: Vec<&str> = lines
        .iter()
        .flat_map(|line| line.split('\n'))
        .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end())
        .collect();
    lines.join("\n").trim().to_owned()
}

/// What was seen in tokens, of which each is looked at once.
pub(crate) struct Digest {
    /// 64-bit FNV-1a, the same wherever and however they are laid out.
    pub(crate) value: u64,
    /// Whether `Self` is among them.
    pub(crate) has_self: bool,
}

impl Digest {
    /// Looks at tokens.
    pub(crate) fn of(tokens: TokenStream) -> Self {
        let mut hash = Fnv {
            value: 0xcbf2_9ce4_8422_2325,
            has_self: false,
        };
        hash.stream(tokens);
        let Fnv { value, has_self } = hash;
        Self { value, has_self }
    }
}

struct Fnv {
    value: u64,
    has_self: bool,
}

impl Fnv {
    fn stream(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => {
                    let (open, close) = delimiters(group.delimiter());
                    self.token(open);
                    self.stream(group.stream());
                    self.token(close);
                }
                other => self.token(&other.to_string()),
            }
        }
    }

    /// Ends each token with a byte that no token holds, so that `ab c` is not `a bc`.
    fn token(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.has_self |= text == "Self";
        // By index, as iterators are slow where nothing is optimized.
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            self.byte(bytes[at]);
            at += 1;
        }
        self.byte(0xff);
    }
}

impl Fnv {
    fn byte(&mut self, byte: u8) {
        self.value = (self.value ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
}

const fn delimiters(delimiter: Delimiter) -> (&'static str, &'static str) {
    match delimiter {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => ("", ""),
    }
}

/// What was printed last, as far as the next space depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Last {
    /// Nothing yet, or something that wants no space after it.
    #[default]
    Open,
    /// A word, a literal or a closing delimiter: an operator that follows is binary.
    Operand,
    /// A type's or a module's name: `<` after it opens generic arguments.
    TypeName,
    /// A keyword: an operator that follows is unary.
    Keyword,
    /// A binary operator or a separator.
    Separator,
}

#[derive(Default)]
struct Printer {
    text: String,
    last: Last,
    /// How many `<` are open.
    angles: usize,
    /// Whether the parameters of a closure are open.
    closure: bool,
}

const KEYWORDS: [&str; 16] = [
    "as", "async", "await", "break", "const", "dyn", "else", "fn", "for", "if", "impl", "in",
    "match", "move", "mut", "return",
];

const OPERATORS: [&str; 24] = [
    "..=", "...", "<<=", ">>=", "::", "->", "=>", "==", "!=", "<=", ">=", "&&", "||", "..", "+=",
    "-=", "*=", "/=", "%=", "^=", "&=", "|=", "<<", ">>",
];

impl Printer {
    fn stream(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Group(group) => self.group(&group),
                TokenTree::Ident(word) => self.word(&word.to_string()),
                TokenTree::Literal(literal) => self.operand(&literal.to_string(), Last::Operand),
                TokenTree::Punct(first) => {
                    let mut operator = String::from(first.as_char());
                    let mut joint = first.spacing() == Spacing::Joint;
                    while let Some(TokenTree::Punct(next)) = tokens.peek().filter(|_| joint) {
                        let longer = format!("{operator}{}", next.as_char());
                        let closes = self.angles > 0 && operator == ">";
                        if closes || !OPERATORS.iter().any(|known| known.starts_with(&longer)) {
                            break;
                        }
                        joint = next.spacing() == Spacing::Joint;
                        operator = longer;
                        tokens.next();
                    }
                    self.operator(&operator);
                }
            }
        }
    }

    fn group(&mut self, group: &proc_macro2::Group) {
        let (open, close) = delimiters(group.delimiter());
        match group.delimiter() {
            Delimiter::None => return self.stream(group.stream()),
            Delimiter::Brace => {
                self.space_unless_open();
                self.text.push_str(open);
                if !group.stream().is_empty() {
                    self.last = Last::Separator;
                    self.stream(group.stream());
                    self.text.push(' ');
                }
            }
            Delimiter::Parenthesis | Delimiter::Bracket => {
                if matches!(self.last, Last::Separator | Last::Keyword) {
                    self.keyword_space();
                }
                self.text.push_str(open);
                self.last = Last::Open;
                self.stream(group.stream());
            }
        }
        self.text.push_str(close);
        self.last = Last::Operand;
    }

    /// `fn(u8)` is written without a space, `in [1, 2]` with one.
    fn keyword_space(&mut self) {
        if !self.text.ends_with("fn") {
            self.text.push(' ');
        }
    }

    fn word(&mut self, word: &str) {
        let last = if KEYWORDS.contains(&word) {
            Last::Keyword
        } else if word.starts_with(char::is_uppercase) {
            Last::TypeName
        } else {
            Last::Operand
        };
        self.operand(word, last);
    }

    fn operand(&mut self, text: &str, last: Last) {
        self.space_unless_open();
        self.text.push_str(text);
        self.last = last;
    }

    fn space_unless_open(&mut self) {
        if self.last != Last::Open {
            self.text.push(' ');
        }
    }

    fn operator(&mut self, operator: &str) {
        let after_operand = matches!(self.last, Last::Operand | Last::TypeName);
        match operator {
            "::" | "." | ".." | "..=" | "..." => {
                if operator == "::" && !after_operand {
                    self.space_unless_open();
                } else if self.last == Last::Separator {
                    self.text.push(' ');
                }
                self.text.push_str(operator);
                self.last = Last::Open;
            }
            "," | ";" | ":" => {
                self.text.push_str(operator);
                self.last = Last::Separator;
            }
            "?" => {
                self.space_unless(after_operand || self.last == Last::Open);
                self.text.push('?');
                self.last = if after_operand {
                    Last::Operand
                } else {
                    Last::Open
                };
            }
            "'" | "#" | "$" => {
                self.space_unless_open();
                self.text.push_str(operator);
                self.last = Last::Open;
            }
            "|" if self.closure => {
                self.text.push('|');
                self.closure = false;
                self.last = Last::Separator;
            }
            "|" if !after_operand => {
                self.space_unless_open();
                self.text.push('|');
                self.closure = true;
                self.last = Last::Open;
            }
            "||" if !after_operand => {
                self.space_unless_open();
                self.text.push_str("||");
                self.last = Last::Separator;
            }
            "!" if after_operand => {
                self.text.push('!');
                self.last = Last::Open;
            }
            "<" if self.last == Last::TypeName || self.text.ends_with("::") || !after_operand => {
                self.space_unless(self.last != Last::Separator && self.last != Last::Keyword);
                self.text.push('<');
                self.angles += 1;
                self.last = Last::Open;
            }
            ">" if self.angles > 0 => {
                self.text.push('>');
                self.angles -= 1;
                self.last = Last::Operand;
            }
            _ if after_operand || operator == "->" || operator == "=>" => {
                self.text.push(' ');
                self.text.push_str(operator);
                self.last = Last::Separator;
            }
            _ => {
                self.space_unless_open();
                self.text.push_str(operator);
                self.last = Last::Open;
            }
        }
    }

    fn space_unless(&mut self, tight: bool) {
        if !tight {
            self.text.push(' ');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_expressions_print_as_they_are_written() {
        for written in [
            "u8",
            "()",
            "(A, B)",
            "&str",
            "&mut [u8]",
            "[u8; 4]",
            "&'static str",
            "Vec<Item>",
            "HashMap<String, Vec<Option<u8>>>",
            "std::io::Result<()>",
            "::core::option::Option<u8>",
            "<T as Trait>::Output",
            "Vec::<u8>::new()",
            "Box<dyn Fn(u8) -> u8 + Send + 'static>",
            "fn(u8, &str) -> u8",
            "&dyn Mailer",
            "*const u8",
            "order.total > 3 && !order.paid",
            "a.b + -c * *d",
            "x if x < 10",
            "0..10",
            "Some(order)",
            "Err(_)",
            "Point { x: 1, y }",
            "format!(\"{a}\", 1)",
            "items[0].name",
            "a?.b",
            "items.iter().map(|(a, b)| a | b)",
            "f(|| 1)",
            "if let Some(x) = y",
            "Some(A | B)",
            "in [1, 2]",
            "r#match",
        ] {
            let tokens: TokenStream = written.parse().unwrap();
            assert_eq!(source(tokens), written);
        }
    }

    #[test]
    fn names_become_kebab_case() {
        for (name, expected) in [
            ("fetch_rates", "fetch-rates"),
            ("fetchRates", "fetch-rates"),
            ("FetchRates", "fetch-rates"),
            ("_fetch__rates_", "fetch-rates"),
            ("step2", "step2"),
            ("parse_v2_api", "parse-v2-api"),
            ("HTTP", "http"),
            ("__", ""),
        ] {
            assert_eq!(kebab(name), expected, "{name}");
        }
    }

    #[test]
    fn the_digest_sees_tokens_and_not_their_layout() {
        let of = |text: &str| Digest::of(text.parse().unwrap()).value;
        assert_eq!(of("fn f() { a + b }"), of("fn  f ( ) {\n a + b // sum\n }"));
        assert_ne!(of("fn f() { a + b }"), of("fn f() { a - b }"));
        assert_ne!(of("ab c"), of("a bc"));
        assert_ne!(of("(a) b"), of("(a b)"));
        // The value is part of cache keys that outlive a build: it must never change.
        assert_eq!(of("fn f() {}"), 0x6f99_a2c0_d3a1_2f6a);
    }

    #[test]
    fn documentation_comments_are_joined() {
        let of = |item: syn::ItemFn| docs(&item.attrs).map(|tokens| tokens.to_string());
        assert_eq!(
            of(syn::parse_quote!(
                fn f() {}
            )),
            None
        );
        assert_eq!(
            of(syn::parse_quote! {
                /// One.
                ///
                ///   - two
                fn f() {}
            }),
            Some("\"One.\\n\\n  - two\"".to_owned())
        );
        assert_eq!(
            of(syn::parse_quote! {
                #[doc = include_str!("f.md")]
                fn f() {}
            }),
            Some(":: core :: concat ! (include_str ! (\"f.md\") , \"\\n\")".to_owned())
        );
    }
}
