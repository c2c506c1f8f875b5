//! Reading `name = step(one, other)`, which most equations are, without trying all that an expression can be: a
//! procedural macro is built without optimization, and whoever uses it waits for it.

use proc_macro2::{Delimiter, Group, Ident, Spacing, TokenStream, TokenTree, token_stream};
use syn::punctuated::Punctuated;
use syn::{Expr, ExprCall, ExprPath, Path, PathSegment, Token, token};

/// The words that are no names; those of a path as well, which are left to the parser of expressions.
const KEYWORDS: [&str; 52] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "if", "impl", "in",
    "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "Self", "self", "static", "struct", "super", "trait", "true", "try", "type",
    "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield", "_",
];

/// The name and the call; `None` of any other equation.
pub(super) fn equation(tokens: &TokenStream) -> Option<(Ident, Expr)> {
    let mut tokens = tokens.clone().into_iter();
    let name = name(tokens.next()?)?;
    if !matches!(tokens.next()?, TokenTree::Punct(punct) if punct.as_char() == '=' && punct.spacing() == Spacing::Alone)
    {
        return None;
    }
    let (path, arguments) = callee(&mut tokens)?;
    if tokens.next().is_some() {
        return None;
    }
    let call = ExprCall {
        attrs: Vec::new(),
        func: Box::new(of_path(path)),
        paren_token: token::Paren {
            span: arguments.delim_span(),
        },
        args: names(arguments.stream())?,
    };
    Some((name, Expr::Call(call)))
}

fn name(token: TokenTree) -> Option<Ident> {
    match token {
        TokenTree::Ident(word) => (!KEYWORDS.contains(&word.to_string().as_str())).then_some(word),
        _ => None,
    }
}

/// A path without generic arguments, and what comes in parentheses after it.
fn callee(tokens: &mut token_stream::IntoIter) -> Option<(Path, Group)> {
    let mut segments = Punctuated::new();
    loop {
        segments.push_value(PathSegment::from(name(tokens.next()?)?));
        match tokens.next()? {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {
                let path = Path {
                    leading_colon: None,
                    segments,
                };
                return Some((path, group));
            }
            TokenTree::Punct(first) if first.as_char() == ':' => {
                let TokenTree::Punct(second) = tokens.next()? else {
                    return None;
                };
                if first.spacing() != Spacing::Joint || second.as_char() != ':' {
                    return None;
                }
                segments.push_punct(Token![::]([first.span(), second.span()]));
            }
            _ => return None,
        }
    }
}

/// Names between commas.
fn names(tokens: TokenStream) -> Option<Punctuated<Expr, Token![,]>> {
    let mut names = Punctuated::new();
    let mut tokens = tokens.into_iter();
    while let Some(token) = tokens.next() {
        names.push_value(of_path(Path::from(name(token)?)));
        match tokens.next() {
            None => break,
            Some(TokenTree::Punct(comma)) if comma.as_char() == ',' => {
                names.push_punct(Token![,](comma.span()));
            }
            Some(_) => return None,
        }
    }
    Some(names)
}

fn of_path(path: Path) -> Expr {
    Expr::Path(ExprPath {
        attrs: Vec::new(),
        qself: None,
        path,
    })
}
