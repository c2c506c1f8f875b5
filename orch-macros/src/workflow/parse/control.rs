//! Reading `for`, `if` and `match`.

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::ParseStream;
use syn::spanned::Spanned as _;
use syn::{Attribute, Expr, Ident, Pat, Token, braced};

use super::super::model::{Arm, Branch, BranchKind, Call, For, Rhs, Scope, Test};
use super::Reader;
use super::call::{call, is_call};
use super::equation::Right;
use super::wait;

/// A step call that stood in a head, and the name that stands there now.
type Lifted = Option<(Ident, Call)>;

impl Reader<'_> {
    pub(super) fn for_loop(&mut self, input: ParseStream<'_>) -> syn::Result<Right> {
        let word: Token![for] = input.parse()?;
        let pat = without_bar(Pat::parse_multi_with_leading_vert(input)?);
        if !input.peek(Token![in]) {
            return Err(
                input.error("expected `in` and what to run over: `for item in &order.items { … }`")
            );
        }
        input.parse::<Token![in]>()?;
        let head = input.call(Expr::parse_without_eager_brace)?;
        let body = self.block(input)?;
        let (head, lifted) = self.lift(head)?;
        let rhs = Rhs::For(Box::new(For {
            word: word.span(),
            pat,
            head,
            body,
        }));
        Ok(headed(rhs, lifted))
    }

    pub(super) fn if_chain(&mut self, input: ParseStream<'_>) -> syn::Result<Right> {
        let word: Token![if] = input.parse()?;
        let cond = input.call(Expr::parse_without_eager_brace)?;
        let (cond, lifted) = self.lift(cond)?;
        let mut arms = vec![Arm {
            test: Test::Cond(Box::new(cond)),
            body: self.block(input)?,
        }];
        let mut partial = true;
        while partial && input.peek(Token![else]) {
            input.parse::<Token![else]>()?;
            let test = if input.peek(Token![if]) {
                input.parse::<Token![if]>()?;
                let mut cond = input.call(Expr::parse_without_eager_brace)?;
                if is_call(&cond) {
                    self.errors.at(
                        &cond,
                        "a step in an `else if` would run even when it is not asked for: write `else { if … }`, or give it a name",
                    );
                    cond = syn::parse_quote!(true);
                }
                Test::Cond(Box::new(cond))
            } else {
                partial = false;
                Test::Else
            };
            let body = self.block(input)?;
            arms.push(Arm { test, body });
        }
        let rhs = Rhs::Branch(Branch {
            kind: BranchKind::If(word.span()),
            arms,
            partial,
        });
        Ok(headed(rhs, lifted))
    }

    pub(super) fn match_arms(&mut self, input: ParseStream<'_>) -> syn::Result<Right> {
        let word: Token![match] = input.parse()?;
        let head = input.call(Expr::parse_without_eager_brace)?;
        let (mut head, lifted) = self.lift(head)?;
        if lifted.is_some() {
            // Matched by reference, as a value that others may read.
            head = syn::parse_quote!(&#head);
        }
        let content;
        braced!(content in input);
        let mut arms = Vec::new();
        while !content.is_empty() {
            arms.push(self.match_arm(&content)?);
        }
        let rhs = Rhs::Branch(Branch {
            kind: BranchKind::Match(word.span(), Box::new(head)),
            arms,
            partial: false,
        });
        Ok(headed(rhs, lifted))
    }

    fn match_arm(&mut self, input: ParseStream<'_>) -> syn::Result<Arm> {
        for attr in input.call(Attribute::parse_outer)? {
            if !attr.path().is_ident("doc") {
                self.errors.at(attr.path(), "an arm takes no attributes");
            }
        }
        let mut pat = Pat::parse_multi_with_leading_vert(input)?;
        if input.peek(Token![if]) {
            pat = Pat::Guard(syn::PatGuard {
                attrs: Vec::new(),
                pat: Box::new(pat),
                if_token: input.parse()?,
                guard: input.parse()?,
            });
        }
        input.parse::<Token![=>]>()?;
        let body = if input.peek(syn::token::Brace) {
            self.block(input)?
        } else {
            self.arm_value(input)?
        };
        let _: Option<Token![,]> = input.parse()?;
        Ok(Arm {
            test: Test::Pat(Box::new(pat)),
            body,
        })
    }

    /// Reads the value of an arm that has no braces: as far as the expression goes, or to the next comma.
    fn arm_value(&mut self, input: ParseStream<'_>) -> syn::Result<Scope> {
        let block = input.peek(Token![for]) || input.peek(Token![if]) || input.peek(Token![match]);
        let ahead = input.fork();
        let end = ahead.parse::<Expr>().ok().map(|_| ahead.cursor());
        let mut tokens = TokenStream::new();
        while !input.is_empty() && end.map_or(!input.peek(Token![,]), |end| end != input.cursor()) {
            tokens.extend([input.parse::<TokenTree>()?]);
        }
        if !(block || input.is_empty() || input.peek(Token![,])) {
            return Err(input.error("expected `,` here: each arm ends with one"));
        }
        Ok(self.scope(tokens))
    }

    fn block(&mut self, input: ParseStream<'_>) -> syn::Result<Scope> {
        if !input.peek(syn::token::Brace) {
            return Err(input.error("expected a body in braces"));
        }
        let body;
        braced!(body in input);
        Ok(self.scope(body.parse()?))
    }

    /// Takes a step call out of a head, and leaves a name there.
    fn lift(&mut self, head: Expr) -> syn::Result<(Expr, Lifted)> {
        if !is_call(&head) {
            return Ok((head, None));
        }
        if let Some(word) = wait::word(&head) {
            return Err(syn::Error::new(
                word.span(),
                format!(
                    "`{word}` waits in an equation of its own: write {}, and use the name here",
                    wait::equation(word)
                ),
            ));
        }
        let call = call(head, self.errors)?;
        let ident = self.made_up(call.tiers[0].place);
        Ok((syn::parse_quote!(#ident), Some((ident, call))))
    }
}

fn headed(rhs: Rhs, lifted: Lifted) -> Right {
    match lifted {
        Some((ident, call)) => Right::Headed(ident, Box::new((call, rhs))),
        None => Right::Rhs(rhs),
    }
}

/// A pattern without a bar before its only case, which a `for` may have and a `let` may not.
fn without_bar(pat: Pat) -> Pat {
    match &pat {
        Pat::Or(or) if or.cases.len() == 1 => or.cases[0].clone(),
        _ => pat,
    }
}
