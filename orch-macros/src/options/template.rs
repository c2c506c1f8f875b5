//! Cache-key templates: `"rates:{day}:{order.id}"`.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote_spanned;
use syn::LitStr;
use syn::ext::IdentExt as _;
use syn::parse::Parser as _;

use crate::diagnostics;

/// A template, read.
#[derive(Clone)]
pub(crate) struct Template {
    literal: LitStr,
    parts: Vec<Part>,
}

#[derive(Clone, PartialEq, Eq)]
enum Part {
    /// Text as it stands.
    Text(String),
    /// `{name.field.field}`, perhaps with `:?`.
    Hole { path: Vec<String>, debug: bool },
}

impl Template {
    /// Reads a template; errors are at the literal.
    pub(crate) fn parse(literal: LitStr) -> syn::Result<Self> {
        let parts = parts(&literal.value()).map_err(|why| syn::Error::new(literal.span(), why))?;
        if parts.is_empty() {
            let why = "this key is empty, so that all calls would share one result: \
                       name what identifies a call, as in `\"rates:{day}\"`";
            return Err(syn::Error::new(literal.span(), why));
        }
        Ok(Self { literal, parts })
    }

    /// What is wrong with the names in it: each has to be one of `params`.
    pub(crate) fn check(&self, params: &[&str]) -> Vec<syn::Error> {
        self.parts
            .iter()
            .filter_map(|part| match part {
                Part::Hole { path, .. } if !params.contains(&path[0].as_str()) => Some(&path[0]),
                _ => None,
            })
            .map(|name| {
                let message = if params.is_empty() {
                    format!("unknown parameter `{name}`: this step has none for a key to name")
                } else {
                    diagnostics::unknown("parameter", name, params)
                };
                syn::Error::new(self.literal.span(), message)
            })
            .collect()
    }

    /// The key as an expression; `param` gives a parameter's identifier.
    pub(crate) fn tokens(&self, param: impl Fn(&str) -> Option<Ident>) -> TokenStream {
        let mut format = String::new();
        let mut values = Vec::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => format.push_str(&text.replace('{', "{{").replace('}', "}}")),
                Part::Hole { path, debug } => {
                    format.push_str(if *debug { "{:?}" } else { "{}" });
                    values.push(self.value(path, &param));
                }
            }
        }
        let format = LitStr::new(&format, Span::mixed_site());
        quote_spanned!(Span::mixed_site()=> __p::cache_key(::core::format_args!(#format #(, #values)*)))
    }

    /// A parameter or a field of one, with the literal's place, where its errors belong.
    fn value(&self, path: &[String], param: &impl Fn(&str) -> Option<Ident>) -> TokenStream {
        let place = self.literal.span();
        let mut value = TokenStream::new();
        for (idx, segment) in path.iter().enumerate() {
            let segment: TokenTree = if idx == 0 {
                let Some(mut ident) = param(segment) else {
                    return value;
                };
                ident.set_span(place.resolved_at(ident.span()));
                ident.into()
            } else {
                value.extend(quote_spanned!(place=> .));
                member(segment, place)
            };
            value.extend([segment]);
        }
        value
    }
}

fn member(name: &str, place: Span) -> TokenTree {
    if let Ok(index) = name.parse::<usize>() {
        let mut literal = proc_macro2::Literal::usize_unsuffixed(index);
        literal.set_span(place);
        literal.into()
    } else if syn::parse_str::<Ident>(name).is_ok() {
        Ident::new(name, place).into()
    } else {
        // A keyword, which a field can be called all the same.
        Ident::new_raw(name, place).into()
    }
}

fn parts(template: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            text.push_str(brace);
            rest = after;
            continue;
        }
        if brace == "}" {
            return Err("this `}` closes nothing: write `}}` for a brace".to_owned());
        }
        let Some(end) = rest.find('}') else {
            return Err("this `{` is not closed: write `{name}`, or `{{` for a brace".to_owned());
        };
        if !text.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut text)));
        }
        parts.push(hole(&rest[..end])?);
        rest = &rest[end + 1..];
    }
    text.push_str(rest);
    if !text.is_empty() {
        parts.push(Part::Text(text));
    }
    Ok(parts)
}

fn hole(inside: &str) -> Result<Part, String> {
    let (path, debug) = match inside.strip_suffix(":?") {
        Some(path) => (path, true),
        None => (inside, false),
    };
    let plain = |name: &str| name.strip_prefix("r#").unwrap_or(name).to_owned();
    let path: Vec<String> = path.split('.').map(|name| plain(name.trim())).collect();
    let legal = |(idx, name): (usize, &String)| {
        let index = idx > 0 && !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit());
        index || is_word(name)
    };
    if path.iter().enumerate().all(legal) {
        Ok(Part::Hole { path, debug })
    } else {
        Err(format!(
            "`{{{inside}}}` is not a parameter or a field of one: write `{{name}}`, `{{name.field}}` or `{{name:?}}`"
        ))
    }
}

/// Whether this can be a parameter's or a field's name, with or without `r#`.
fn is_word(name: &str) -> bool {
    let reserved = ["_", "self", "Self", "super", "crate"];
    Ident::parse_any.parse_str(name).is_ok() && !reserved.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text;

    fn key(template: &str, params: &[&str]) -> Result<String, String> {
        let literal = LitStr::new(template, Span::call_site());
        let template = Template::parse(literal).map_err(|error| error.to_string())?;
        if let Some(error) = template.check(params).first() {
            return Err(error.to_string());
        }
        let tokens = template.tokens(|name| match name {
            "type" => Some(Ident::new_raw(name, Span::call_site())),
            _ => syn::parse_str(name).ok(),
        });
        let text = text::source(tokens);
        let inner = text.strip_prefix("__p::cache_key(::core::format_args!(");
        let inner = inner.and_then(|text| text.strip_suffix("))"));
        Ok(inner.unwrap().to_owned())
    }

    #[test]
    fn templates() {
        let shared = "this key is empty, so that all calls would share one result: name what identifies a call, as in `\"rates:{day}\"`";
        for (template, expected) in [
            ("rates:{day}", Ok("\"rates:{}\", day")),
            ("{day}:{order.id}", Ok("\"{}:{}\", day, order.id")),
            ("{order.items.0}", Ok("\"{}\", order.items.0")),
            (
                "{type}:{day.r#fn}:{day.in}",
                Ok("\"{}:{}:{}\", r#type, day.r#fn, day.r#in"),
            ),
            ("{day:?}", Ok("\"{:?}\", day")),
            ("{{{day}}}", Ok("\"{{{}}}\", day")),
            ("all", Ok("\"all\"")),
            ("", Err(shared)),
            ("{da}", Err("unknown parameter `da`, did you mean `day`?")),
            (
                "{zone}",
                Err("unknown parameter `zone`: write `day`, `order` or `type`"),
            ),
            (
                "{day",
                Err("this `{` is not closed: write `{name}`, or `{{` for a brace"),
            ),
            (
                "day}",
                Err("this `}` closes nothing: write `}}` for a brace"),
            ),
            (
                "{}",
                Err(
                    "`{}` is not a parameter or a field of one: write `{name}`, `{name.field}` or `{name:?}`",
                ),
            ),
            (
                "{self}",
                Err(
                    "`{self}` is not a parameter or a field of one: write `{name}`, `{name.field}` or `{name:?}`",
                ),
            ),
            (
                "{order.id()}",
                Err(
                    "`{order.id()}` is not a parameter or a field of one: write `{name}`, `{name.field}` or `{name:?}`",
                ),
            ),
        ] {
            let found = key(template, &["day", "order", "type"]);
            let expected = expected.map(ToOwned::to_owned).map_err(ToOwned::to_owned);
            assert_eq!(found, expected, "{template}");
        }
        assert_eq!(
            key("{x}", &[]),
            Err("unknown parameter `x`: this step has none for a key to name".to_owned())
        );
    }
}
