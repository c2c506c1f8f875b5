//! Lists of options, as `#[step(…)]`, `#[node(…)]` and `#[workflow(…)]` take them.
//!
//! A list is read option by option: a mistake in one leaves the others understood.

pub(crate) mod checkpoint;
pub(crate) mod cron;
pub(crate) mod duration;
pub(crate) mod policies;
pub(crate) mod rates;
mod template;
pub(crate) mod value;

use proc_macro2::{Delimiter, Ident, Spacing, TokenStream, TokenTree};
use quote::{format_ident, quote_spanned};

use crate::diagnostics::{self, Errors};
use crate::text;

/// What says at a word that the library's feature of this name is left out, if it is; of `json`, `cache`, `rate_limit`,
/// `durable` and `schedule` one.
pub(crate) fn feature(name: &str, place: &Ident) -> TokenStream {
    let wants = format_ident!("wants_{name}", span = place.span());
    quote_spanned!(place.span()=> __p::#wants!();)
}

/// One option as it was given.
#[derive(Clone)]
pub(crate) struct Given {
    /// Its name, where it stands.
    pub(crate) key: Ident,
    /// What it was given.
    pub(crate) form: Form,
}

/// What an option was given.
#[derive(Clone)]
pub(crate) enum Form {
    /// `key`
    Bare,
    /// `key = value`
    Value(TokenStream),
    /// `key(…)`
    List(TokenStream),
}

/// A list of options.
#[derive(Default)]
pub(crate) struct OptionList {
    /// The value before the first option: the `"50/s"` of `rate_limit("50/s", burst = 10)`.
    pub(crate) lead: Option<TokenStream>,
    /// The options, in the order they are written, none twice.
    pub(crate) given: Vec<Given>,
}

/// A value with the option it belongs to.
#[derive(Clone)]
pub(crate) struct Spanned<T> {
    /// The option's name, where it stands.
    pub(crate) key: Ident,
    /// The value.
    pub(crate) value: T,
    /// The value's own tokens; the name's where it has none.
    pub(crate) tokens: TokenStream,
}

impl<T> Spanned<T> {
    /// An error at the value.
    pub(crate) fn error(&self, message: impl std::fmt::Display) -> syn::Error {
        syn::Error::new_spanned(&self.tokens, message)
    }
}

impl Given {
    /// The option's name, without `r#`.
    pub(crate) fn name(&self) -> String {
        text::name_of(&self.key)
    }

    /// The value of `key = value`; `example` shows how to write the option.
    pub(crate) fn value<T>(
        &self,
        example: &str,
        read: impl FnOnce(&TokenStream) -> syn::Result<T>,
    ) -> syn::Result<Spanned<T>> {
        match &self.form {
            Form::Value(tokens) => Ok(Spanned {
                key: self.key.clone(),
                value: read(tokens)?,
                tokens: tokens.clone(),
            }),
            Form::Bare | Form::List(_) => Err(self.wants(example)),
        }
    }

    /// The value of a switch: `key` alone, or `key = false`.
    pub(crate) fn switch(&self) -> syn::Result<Spanned<bool>> {
        match &self.form {
            Form::Bare => Ok(Spanned {
                key: self.key.clone(),
                value: true,
                tokens: TokenTree::Ident(self.key.clone()).into(),
            }),
            Form::Value(_) => self.value("", value::boolean),
            Form::List(_) => Err(self.wants(&format!("{0}` or `{0} = false", self.name()))),
        }
    }

    /// The options of `key(…)`; `key = value` is `key(value)`, and `key` alone is `key()`.
    pub(crate) fn list(&self, allowed: &[&str], errors: &mut Errors) -> OptionList {
        match &self.form {
            Form::Bare => OptionList::default(),
            Form::Value(tokens) => OptionList {
                lead: Some(tokens.clone()),
                given: Vec::new(),
            },
            Form::List(tokens) => {
                let what = format!("`{}` option", self.name());
                OptionList::parse(tokens.clone(), &what, allowed, true, errors)
            }
        }
    }

    /// Says how the option is written.
    pub(crate) fn wants(&self, example: &str) -> syn::Error {
        let message = format!("`{}` is written `{example}`", self.name());
        syn::Error::new(self.key.span(), message)
    }
}

impl OptionList {
    /// Reads a list whose options are all among `allowed`; `what` is what an option of it is called.
    ///
    /// What cannot be read is reported and left out. `lead` says whether a value may come first.
    pub(crate) fn parse(
        tokens: TokenStream,
        what: &str,
        allowed: &[&str],
        lead: bool,
        errors: &mut Errors,
    ) -> Self {
        Self::parse_among(tokens, what, allowed, lead, |_| None, errors)
    }

    /// The same; `elsewhere` says of an option that is none here where it is one.
    pub(crate) fn parse_among(
        tokens: TokenStream,
        what: &str,
        allowed: &[&str],
        lead: bool,
        elsewhere: impl Fn(&str) -> Option<String>,
        errors: &mut Errors,
    ) -> Self {
        let mut list = Self::default();
        for (idx, piece) in split(tokens, errors).into_iter().enumerate() {
            let piece = without_second(piece, errors);
            match Given::parse(piece) {
                Ok(Given {
                    key,
                    form: Form::Value(value),
                }) if value.is_empty() => {
                    errors.at(
                        &key,
                        format!("`{key} =` has no value: write one after the `=`"),
                    );
                }
                Ok(given) => match elsewhere(&given.name()) {
                    Some(why) => errors.at(&given.key, why),
                    None => list.add(given, what, allowed, errors),
                },
                Err(piece) if lead && idx == 0 => list.lead = Some(piece),
                Err(piece) => errors.at(
                    &piece,
                    format!(
                        "`{}` is no {what}: write `key = value`, options being {}",
                        text::source(&piece),
                        diagnostics::any_of(allowed)
                    ),
                ),
            }
        }
        list
    }

    fn add(&mut self, given: Given, what: &str, allowed: &[&str], errors: &mut Errors) {
        let name = given.name();
        if !allowed.contains(&name.as_str()) {
            errors.at(&given.key, diagnostics::unknown(what, &name, allowed));
        } else if self.given.iter().any(|earlier| earlier.name() == name) {
            errors.at(
                &given.key,
                format!("`{name}` is given twice: keep one of them"),
            );
        } else {
            self.given.push(given);
        }
    }
}

impl Given {
    /// Reads `key`, `key = value` or `key(…)`, or gives the tokens back.
    fn parse(piece: TokenStream) -> Result<Self, TokenStream> {
        let mut tokens = piece.clone().into_iter();
        let Some(TokenTree::Ident(key)) = tokens.next() else {
            return Err(piece);
        };
        let form = match tokens.next() {
            None if key == "true" || key == "false" => return Err(piece),
            None => Form::Bare,
            Some(TokenTree::Punct(equals))
                if equals.as_char() == '=' && equals.spacing() == Spacing::Alone
                    || equals.as_char() == '=' && !starts_operator(&tokens) =>
            {
                Form::Value(tokens.collect())
            }
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
                if tokens.next().is_some() {
                    return Err(piece);
                }
                Form::List(group.stream())
            }
            Some(_) => return Err(piece),
        };
        Ok(Self { key, form })
    }
}

/// Whether `=` is the start of `==` or `=>`.
fn starts_operator(rest: &proc_macro2::token_stream::IntoIter) -> bool {
    matches!(rest.clone().next(), Some(TokenTree::Punct(next)) if "=>".contains(next.as_char()))
}

/// The piece without what follows where a comma is missing, as in `retries = 3 timeout = "1s"`.
fn without_second(piece: TokenStream, errors: &mut Errors) -> TokenStream {
    let tokens: Vec<TokenTree> = piece.clone().into_iter().collect();
    let second = tokens
        .windows(3)
        .enumerate()
        .skip(2)
        .find_map(|(idx, three)| match three {
            [TokenTree::Ident(key), TokenTree::Punct(equals), next] => {
                let operator =
                    matches!(next, TokenTree::Punct(next) if "=>".contains(next.as_char()));
                let starts_option = equals.as_char() == '=' && !operator;
                starts_option.then_some((idx, key))
            }
            _ => None,
        });
    let Some((idx, key)) = second else {
        return piece;
    };
    errors.at(key, format!("there is no comma before `{key}`: write one"));
    tokens.into_iter().take(idx).collect()
}

/// The pieces between the commas. A comma with nothing before it is reported.
fn split(tokens: TokenStream, errors: &mut Errors) -> Vec<TokenStream> {
    let mut pieces = Vec::new();
    let mut piece = TokenStream::new();
    for token in tokens {
        match &token {
            TokenTree::Punct(comma) if comma.as_char() == ',' => {
                if piece.is_empty() {
                    errors.at(
                        &token,
                        "there is no option before this comma: remove the comma",
                    );
                } else {
                    pieces.push(std::mem::take(&mut piece));
                }
            }
            _ => piece.extend([token]),
        }
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (OptionList, Vec<String>) {
        let mut errors = Errors::new();
        let tokens = text.parse().unwrap();
        let list = OptionList::parse(tokens, "option", &["a", "b", "crate"], false, &mut errors);
        let messages = errors.into_list().iter().map(ToString::to_string).collect();
        (list, messages)
    }

    #[test]
    fn a_list_is_read_option_by_option() {
        let (list, errors) = read("a = 1 + 2, b(x, y = 2), crate = z::z,");
        assert_eq!(errors, [""; 0]);
        let shown: Vec<String> = list
            .given
            .iter()
            .map(|given| match &given.form {
                Form::Bare => given.name(),
                Form::Value(value) => format!("{}: {}", given.name(), text::source(value)),
                Form::List(list) => format!("{}: ({})", given.name(), text::source(list)),
            })
            .collect();
        assert_eq!(shown, ["a: 1 + 2", "b: (x, y = 2)", "crate: z::z"]);
    }

    #[test]
    fn a_mistake_leaves_the_other_options_understood() {
        for (text, understood, expected) in [
            (
                "c = 1, a",
                1,
                "unknown option `c`: write `a`, `b` or `crate`",
            ),
            (
                "crat = 1, a",
                1,
                "unknown option `crat`, did you mean `crate`?",
            ),
            ("a = 1, b, a = 2", 2, "`a` is given twice: keep one of them"),
            ("a = 1 b = 2", 1, "there is no comma before `b`: write one"),
            ("a =, b", 1, "`a =` has no value: write one after the `=`"),
            (
                ", a",
                1,
                "there is no option before this comma: remove the comma",
            ),
            (
                "\"x\", b",
                1,
                "`\"x\"` is no option: write `key = value`, options being `a`, `b` or `crate`",
            ),
            (
                "a == 1, b",
                1,
                "`a == 1` is no option: write `key = value`, options being `a`, `b` or `crate`",
            ),
        ] {
            let (list, errors) = read(text);
            assert_eq!(errors, [expected], "{text}");
            assert_eq!(list.given.len(), understood, "{text}");
        }
    }
}
