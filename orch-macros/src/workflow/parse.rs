//! Reading a workflow: a header, and equations split at each `;`.
//!
//! A mistake in one equation leaves the others understood, and one in the header leaves the equations.

mod call;
mod control;
mod equation;
mod header;
mod plain;
mod wait;

use proc_macro2::{Span, TokenStream, TokenTree};

pub(crate) use self::call::callee;
pub(crate) use self::header::workflow;
pub(crate) use self::wait::{equation as waiting_equation, word_of as waiting_word};
use crate::diagnostics::Errors;

/// How deep bodies and arms may lie in each other: more than anyone reads, less than exhausts the stack.
const DEEPEST_BODY: usize = 32;

/// How deep delimiters may lie in each other, for the same reason.
const DEEPEST_GROUP: usize = 128;

/// What the reading of one workflow shares: its errors, and what tells made-up names apart.
struct Reader<'e> {
    errors: &'e mut Errors,
    /// How many names were made up.
    made_up: usize,
    /// How many bodies and arms are around.
    depth: usize,
}

/// A stretch of tokens, and the separator that ended it.
struct Piece {
    tokens: TokenStream,
    end: Option<Span>,
}

/// The stretches between the separators outside of any delimiters.
fn split(tokens: TokenStream, separator: char) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut piece = TokenStream::new();
    let mut angle = 0_i32;
    let mut before = ' ';
    for token in tokens {
        if let TokenTree::Punct(punct) = &token {
            let character = punct.as_char();
            // A comma between angle brackets belongs to a type.
            match character {
                '<' if separator == ',' => angle += 1,
                '>' if separator == ',' && before != '-' && before != '=' => angle -= 1,
                _ => {}
            }
            before = character;
            if character == separator && angle <= 0 {
                pieces.push(Piece {
                    tokens: std::mem::take(&mut piece),
                    end: Some(punct.span()),
                });
                continue;
            }
        } else {
            before = ' ';
        }
        piece.extend([token]);
    }
    if !piece.is_empty() {
        pieces.push(Piece {
            tokens: piece,
            end: None,
        });
    }
    pieces
}

/// Where tokens end.
fn end_of(tokens: &TokenStream) -> Option<Span> {
    tokens.clone().into_iter().last().map(|token| token.span())
}

/// An error of input that ended too early is where it ended, and not everywhere.
fn at_end(error: syn::Error, end: Option<Span>) -> syn::Error {
    match (
        error.to_string().strip_prefix("unexpected end of input, "),
        end,
    ) {
        (Some(rest), Some(end)) if rest.starts_with("expected") => {
            syn::Error::new(end, format!("something is missing here: {rest}"))
        }
        (Some(rest), Some(end)) => syn::Error::new(end, rest),
        (Some(rest), None) => syn::Error::new(error.span(), rest),
        (None, _) => error,
    }
}

/// The first delimiter that lies too deep in others to be read.
fn too_deep(tokens: &TokenStream) -> Option<Span> {
    let mut around = vec![tokens.clone().into_iter()];
    while let Some(open) = around.last_mut() {
        match open.next() {
            Some(TokenTree::Group(group)) if around.len() >= DEEPEST_GROUP => {
                return Some(group.span_open());
            }
            Some(TokenTree::Group(group)) => around.push(group.stream().into_iter()),
            Some(_) => {}
            None => {
                around.pop();
            }
        }
    }
    None
}
