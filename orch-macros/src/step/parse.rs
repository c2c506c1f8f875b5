//! The function under `#[step]`. Its body is not looked at: what is wrong in it is rustc's to say.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser as _};
use syn::{Attribute, Signature, Token, Visibility};

/// A function.
pub(super) struct Function {
    pub(super) attributes: Vec<Attribute>,
    pub(super) visibility: Visibility,
    pub(super) signature: Signature,
    pub(super) body: Group,
}

impl Function {
    /// Reads a function; the error of anything else is at the word that says what it is.
    pub(super) fn parse(item: TokenStream) -> syn::Result<Self> {
        let function = |input: ParseStream<'_>| {
            let attributes = input.call(Attribute::parse_outer)?;
            let visibility = input.parse()?;
            let signature: Signature = input.parse()?;
            let body = match input.parse()? {
                TokenTree::Group(body) if body.delimiter() == Delimiter::Brace => body,
                _ => {
                    let message = "a step has a body: `#[step]` goes on a function of its own";
                    return Err(syn::Error::new(signature.ident.span(), message));
                }
            };
            Ok(Self {
                attributes,
                visibility,
                signature,
                body,
            })
        };
        let read = function.parse2(item.clone());
        read.map_err(|error| not_a_function(&item).unwrap_or(error))
    }
}

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        for attribute in &self.attributes {
            attribute.to_tokens(tokens);
        }
        self.visibility.to_tokens(tokens);
        self.signature.to_tokens(tokens);
        self.body.to_tokens(tokens);
    }
}

/// The error of an item that is no function; `None` when it looks like one.
fn not_a_function(item: &TokenStream) -> Option<syn::Error> {
    let head = |input: ParseStream<'_>| {
        input.call(Attribute::parse_outer)?;
        input.parse::<Visibility>()?;
        let mut other = None;
        while !input.is_empty() && !input.peek(Token![fn]) {
            let token: TokenTree = input.parse()?;
            if let TokenTree::Ident(word) = &token
                && other.is_none()
                && let Some(what) = kind(&word.to_string())
            {
                other = Some(syn::Error::new(
                    word.span(),
                    format!("`#[step]` goes on a function, and this is {what}"),
                ));
            } else if let (TokenTree::Punct(_) | TokenTree::Group(_), None) = (&token, &other) {
                // `println!(…);` and the like.
                let message = "`#[step]` goes on a function";
                other = Some(syn::Error::new_spanned(item, message));
            }
        }
        // `unsafe impl`, `const X`: the words before `fn` can stand before other things too.
        let found = input.peek(Token![fn]) && other.is_none();
        input.parse::<TokenStream>()?;
        Ok((found, other))
    };
    match head.parse2(item.clone()) {
        Ok((true, _)) => None,
        Ok((false, Some(error))) | Err(error) => Some(error),
        Ok((false, None)) => Some(syn::Error::new_spanned(
            item,
            "`#[step]` goes on a function",
        )),
    }
}

/// What an item that begins with this word is.
fn kind(word: &str) -> Option<&'static str> {
    Some(match word {
        "struct" => "a struct",
        "enum" => "an enum",
        "union" => "a union",
        "trait" => "a trait",
        "impl" => "an `impl`: mark a function outside of it",
        "mod" => "a module: mark the functions in it",
        "static" => "a static",
        "type" => "a type alias",
        "use" => "an import",
        "macro_rules" | "macro" => "a macro",
        "let" => "a variable",
        _ => return None,
    })
}
