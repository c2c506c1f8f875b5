//! Reading equations and results, each alone.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser as _};
use syn::{Attribute, Expr, Ident, Token, Type};

use super::super::model::{Call, Equation, Origin, Rhs, Scope};
use super::super::options::NodeOptions;
use super::call::expression;
use super::{DEEPEST_BODY, Reader, at_end, end_of, plain, split, wait};
use crate::diagnostics::Errors;

/// What may stand on the right of an equation.
pub(super) enum Right {
    Rhs(Rhs),
    /// A control form whose head is a step call: the call is a node of its own, under this name.
    Headed(Ident, Box<(Call, Rhs)>),
}

/// An equation or a result as far as it was read.
#[derive(Default)]
struct Statement {
    attrs: Vec<Attribute>,
    name: Option<Ident>,
    right: Option<Right>,
    /// What comes after it without a `;`, which a block needs not have.
    rest: TokenStream,
}

impl<'e> Reader<'e> {
    pub(super) fn new(errors: &'e mut Errors) -> Self {
        Self {
            errors,
            made_up: 0,
            depth: 0,
        }
    }

    /// Reads the equations of a body, and its result.
    pub(super) fn scope(&mut self, tokens: TokenStream) -> Scope {
        let mut scope = Scope::default();
        self.depth += 1;
        for piece in split(tokens, ';') {
            let mut rest = piece.tokens;
            while !rest.is_empty() {
                rest = self.statement(&mut scope, rest, piece.end);
            }
        }
        self.depth -= 1;
        scope
    }

    /// Reads one equation or the result, and gives what comes after it.
    fn statement(
        &mut self,
        scope: &mut Scope,
        tokens: TokenStream,
        end: Option<Span>,
    ) -> TokenStream {
        let returns = matches!(tokens.clone().into_iter().next(), Some(TokenTree::Ident(word)) if word == "return");
        let (mut read, mut errors) = self.attempt(tokens.clone(), end);
        let mut last = end.is_none();
        if read.right.is_none()
            && let Some((this, next)) = cut_before_next_name(tokens)
        {
            // What was meant to be two equations must not cost the second one.
            errors.discard();
            (read, errors) = self.attempt(this, None);
            if read.right.is_some() {
                errors.push(trailing(next.clone()));
            }
            read.rest = next;
        }
        last &= read.rest.is_empty();
        self.errors.combine(errors);
        let options = NodeOptions::take(read.attrs, self.errors);
        match (read.right, read.name) {
            (Some(right), name) => self.place(scope, options, name, right, last),
            (None, Some(ident)) => scope.equations.push(Equation {
                ident,
                origin: Origin::Named,
                options,
                rhs: Rhs::Broken,
            }),
            (None, None) => scope.tail_broken |= last || returns,
        }
        read.rest
    }

    /// Reads one equation or the result, with its errors; without a right side when it is broken.
    fn attempt(&mut self, tokens: TokenStream, end: Option<Span>) -> (Statement, Errors) {
        let end = end.or_else(|| end_of(&tokens));
        let mut errors = Errors::new();
        let mut statement = Statement::default();
        if let Some((name, call)) = plain::equation(&tokens) {
            let right = expression(call, &mut errors).map(Right::Rhs);
            statement.name = Some(name);
            statement.right = errors.accept(right.map_err(|error| at_end(error, end)));
            return (statement, errors);
        }
        let mut reader = Reader {
            errors: &mut errors,
            made_up: self.made_up,
            depth: self.depth,
        };
        let parser = |input: ParseStream<'_>| {
            statement.attrs = input.call(Attribute::parse_outer)?;
            statement.name = name(input, reader.errors)?;
            if input.is_empty() {
                return Err(input.error("there is nothing on the right of the `=`: write a step call, a control form or an expression"));
            }
            let right = reader.right_side(input)?;
            let block = matches!(right, Right::Rhs(Rhs::For(_) | Rhs::Branch(_)));
            if !(input.is_empty() || block && statement.name.is_none()) {
                return Err(trailing(input.parse()?));
            }
            statement.rest = input.parse()?;
            Ok(right)
        };
        let parsed = parser.parse2(tokens).map_err(|error| at_end(error, end));
        self.made_up = reader.made_up;
        statement.right = errors.accept(parsed);
        (statement, errors)
    }

    /// Reads what stands on the right of an equation, or the result.
    pub(super) fn right_side(&mut self, input: ParseStream<'_>) -> syn::Result<Right> {
        let form = input.peek(Token![for]) || input.peek(Token![if]) || input.peek(Token![match]);
        if form && self.depth >= DEEPEST_BODY {
            return Err(input.error("control forms are nested too deeply: give an inner one a name, or a workflow of its own"));
        }
        if input.peek(Token![for]) {
            return self.for_loop(input);
        }
        if input.peek(Token![if]) {
            return self.if_chain(input);
        }
        if input.peek(Token![match]) {
            return self.match_arms(input);
        }
        if input.peek(Token![while]) || input.peek(Token![loop]) {
            return Err(input.error(
                "a workflow has no loops of unknown length: `for` fans out over items, and `turn(state).repeat(max = 20)` goes on until the step breaks",
            ));
        }
        if input.peek(Token![let]) || input.peek(Token![return]) {
            name(input, self.errors)?;
        }
        let expr: Expr = input.parse()?;
        expression(expr, self.errors).map(Right::Rhs)
    }

    /// Puts what was read where it belongs: among the equations, or as the result.
    fn place(
        &mut self,
        scope: &mut Scope,
        options: NodeOptions,
        name: Option<Ident>,
        right: Right,
        last: bool,
    ) {
        let rhs = match right {
            Right::Rhs(rhs) => rhs,
            Right::Headed(ident, headed) => {
                let (call, rhs) = *headed;
                scope.equations.push(Equation {
                    ident,
                    origin: Origin::Head,
                    options: NodeOptions::default(),
                    rhs: Rhs::Call(call),
                });
                rhs
            }
        };
        let (ident, origin) = match (name, &rhs) {
            (Some(name), _) => (name, Origin::Named),
            (None, Rhs::View(view)) => {
                if last {
                    self.result(scope, &options, view);
                } else {
                    self.errors.at(
                        view,
                        "this value goes nowhere: give it a name, or let it be the result by leaving out the `;`",
                    );
                }
                return;
            }
            (None, rhs) => {
                if let Rhs::Signal(signal) = rhs {
                    self.errors.at(
                        &signal.word,
                        format!(
                            "a signal is sent by its name: write {}",
                            wait::equation(&signal.word)
                        ),
                    );
                }
                let ident = self.made_up(rhs.word().span());
                if last {
                    scope.tail = Some(syn::parse_quote!(#ident));
                }
                (ident, if last { Origin::Result } else { Origin::Unread })
            }
        };
        scope.equations.push(Equation {
            ident,
            origin,
            options,
            rhs,
        });
    }

    /// Takes an expression as the result.
    fn result(&mut self, scope: &mut Scope, options: &NodeOptions, view: &Expr) {
        for key in &options.keys {
            self.errors.at(
                key,
                "the result is an expression and takes no options: put them on a step call",
            );
        }
        scope.tail = Some(view.clone());
    }

    /// A name that nothing else in the workflow has.
    pub(super) fn made_up(&mut self, span: Span) -> Ident {
        self.made_up += 1;
        Ident::new(&format!("__orch_{}", self.made_up), span)
    }
}

/// Reads `name =`.
fn name(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Option<Ident>> {
    if input.peek(Token![let]) {
        errors.push(input.error(
            "equations have no `let`: write `name = step(…);`; a name may be used above its definition",
        ));
        input.parse::<Token![let]>()?;
        input.parse::<Option<Token![mut]>>()?;
    } else if input.peek(Ident) && input.peek2(Token![:]) && !input.peek2(Token![::]) {
        let ahead = input.fork();
        ahead.parse::<Ident>()?;
        errors.push(ahead.error(
            "an equation has no type of its own, as its step says it: write `name = step(…);`",
        ));
    }
    if input.peek(Ident) && input.peek2(Token![:]) && !input.peek2(Token![::]) {
        let name = input.parse()?;
        input.parse::<Token![:]>()?;
        input.parse::<Type>()?;
        input.parse::<Token![=]>()?;
        return Ok(Some(name));
    }
    if input.peek(Token![return]) {
        return Err(input.error(
            "a workflow has no `return`: its result is the last expression, without a `;`",
        ));
    }
    if input.peek(Token![_]) && input.peek2(Token![=]) {
        return Err(input.error("a call that nobody reads needs no name: leave out `_ =`"));
    }
    if !(input.peek(Ident) && input.peek2(Token![=]))
        || input.peek2(Token![==])
        || input.peek2(Token![=>])
    {
        return Ok(None);
    }
    let name: Ident = input.parse()?;
    input.parse::<Token![=]>()?;
    Ok(Some(name))
}

/// Cuts before the next `name =` after the first token, with the attributes before it.
fn cut_before_next_name(tokens: TokenStream) -> Option<(TokenStream, TokenStream)> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is = |idx: usize, character: char| matches!(tokens.get(idx), Some(TokenTree::Punct(punct)) if punct.as_char() == character);
    // A name after a dot is a field's, unless the equation before it ends unfinished with the dot.
    let named = is(1, '=');
    let names = |idx: &usize| {
        matches!(tokens[*idx], TokenTree::Ident(_))
            && (named || !is(idx - 1, '.'))
            && is(idx + 1, '=')
            && !is(idx + 2, '=')
            && !is(idx + 2, '>')
            && !is(idx - 1, '=')
    };
    // After the name that the first equation may have itself.
    let mut cut = (2..tokens.len()).find(names)?;
    while cut >= 2 && matches!(tokens[cut - 1], TokenTree::Group(_)) && is(cut - 2, '#') {
        cut -= 2;
    }
    if cut == 0 {
        return None;
    }
    let next = tokens[cut..].iter().cloned().collect();
    Some((tokens.into_iter().take(cut).collect(), next))
}

fn trailing(rest: TokenStream) -> syn::Error {
    let first = rest.into_iter().next();
    let place = first.as_ref().map_or_else(Span::call_site, TokenTree::span);
    syn::Error::new(
        place,
        match first {
            Some(TokenTree::Punct(punct)) if punct.as_char() == '?' => {
                "results are unwrapped by themselves: leave the `?` out"
            }
            _ => "expected `;` here: each equation ends with one",
        },
    )
}
