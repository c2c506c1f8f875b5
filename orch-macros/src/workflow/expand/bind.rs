//! Binding the names that an expression reads, and rewriting the expression over the bindings.
//!
//! A name in a larger expression is the value behind a shared borrow: the binding is a reference, and the expression
//! says `(*name)`. Inside a macro's arguments the name stays as it is.

mod plain;

use proc_macro2::{Literal, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Expr, Ident};

use super::super::analysis::{self, Analysis, Kind, Reader, ScopeId, Symbol};
use super::super::model::{BranchKind, Rhs, Test};
use super::super::names::{self, Found};
use super::types::{self, Slot};
use super::value;
use crate::ordered::{Map, Set};

/// Writes expressions of one scope for one reader.
pub(super) struct Binder<'a, 'w> {
    analysis: &'a Analysis<'w>,
    /// The scope that the generated function belongs to.
    at: ScopeId,
    /// The scope whose names are meant: `at`, or one around it.
    sees: ScopeId,
    /// Who reads, where outcomes depend on it.
    reader: Option<Reader>,
    /// Who takes what is moved, which says whether it may be wanted again: a type.
    pub(super) taker: TokenStream,
    bound: Set<Symbol>,
    /// The scopes whose patterns are bound.
    matched: Set<ScopeId>,
    /// Names that were probably meant by misspelt ones, for the compiler to suggest.
    hints: Map<String, Span>,
    /// The scopes whose slots are read.
    opened: Set<ScopeId>,
    /// Names that are bound to what is in a slot of this scope, and the slot.
    reads: Vec<(Ident, Ident)>,
    lets: Vec<TokenStream>,
}

impl<'a, 'w> Binder<'a, 'w> {
    pub(super) fn new(analysis: &'a Analysis<'w>, at: ScopeId, reader: Option<Reader>) -> Self {
        Self {
            analysis,
            at,
            sees: at,
            reader,
            taker: quote!(__p::Once),
            bound: Set::new(),
            matched: Set::new(),
            hints: Map::new(),
            opened: Set::new(),
            reads: Vec::new(),
            lets: Vec::new(),
        }
    }

    /// The bindings for everything that was written.
    pub(super) fn lets(&mut self) -> TokenStream {
        let mut lets = Vec::new();
        // First, as what was meant may be read too.
        for (name, span) in std::mem::take(&mut self.hints) {
            if let Ok(mut name) = syn::parse_str::<Ident>(&name) {
                name.set_span(span);
                lets.push(quote_spanned!(span=> let #name = ();));
            }
        }
        let read_here = std::mem::take(&mut self.reads);
        for scope in std::mem::take(&mut self.opened) {
            let levels = Literal::usize_unsuffixed(self.analysis.levels(self.at, scope));
            let (cx, slots, values) = (types::cx(), types::slots(scope), types::values(scope));
            lets.push(quote!(let #values = #cx.up::<#slots>(#levels);));
        }
        let values = types::values(self.at);
        for (name, field) in read_here {
            lets.push(quote_spanned!(name.span()=> let #name = #values.#field.get();));
        }
        lets.append(&mut self.lets);
        lets.into_iter().collect()
    }

    /// An argument: a name alone is the value itself.
    pub(super) fn argument(&mut self, expr: &Expr) -> TokenStream {
        match self.named(expr) {
            Some((ident, symbol)) => self.value(ident, symbol),
            None => self.expression(expr),
        }
    }

    /// A result: names that it only puts together are the values themselves.
    pub(super) fn construction(&mut self, expr: &Expr) -> TokenStream {
        if let Some((ident, symbol)) = self.named(expr) {
            return self.value(ident, symbol);
        }
        if analysis::parts(expr).is_none() {
            return self.expression(expr);
        }
        let mut parts = |part: &Expr| -> Expr {
            let tokens = self.construction(part);
            Expr::Verbatim(tokens)
        };
        let mut whole = expr.clone();
        match &mut whole {
            Expr::Tuple(tuple) => tuple.elems.iter_mut().for_each(|part| *part = parts(part)),
            Expr::Array(array) => array.elems.iter_mut().for_each(|part| *part = parts(part)),
            Expr::Call(call) => call.args.iter_mut().for_each(|part| *part = parts(part)),
            Expr::Paren(paren) => *paren.expr = parts(&paren.expr),
            Expr::Struct(literal) => {
                for field in &mut literal.fields {
                    let before = field.expr.to_token_stream().to_string();
                    field.expr = parts(&field.expr);
                    let after = field.expr.to_token_stream().to_string();
                    if field.colon_token.is_none() && before != after {
                        field.colon_token = Some(syn::Token![:](Span::mixed_site()));
                    }
                }
                if let Some(rest) = &mut literal.rest {
                    **rest = parts(rest);
                }
            }
            _ => {}
        }
        whole.to_token_stream()
    }

    fn named<'e>(&self, expr: &'e Expr) -> Option<(&'e Ident, Symbol)> {
        let ident = analysis::bare(expr)?;
        Some((ident, self.analysis.resolve(self.sees, ident)?))
    }

    /// A larger expression.
    pub(super) fn expression(&mut self, expr: &Expr) -> TokenStream {
        self.expression_under(expr, &[])
    }

    /// An expression under names that a pattern binds.
    pub(super) fn expression_under(&mut self, expr: &Expr, bound: &[Ident]) -> TokenStream {
        let mut expr = expr.clone();
        let (analysis, sees) = (self.analysis, self.sees);
        let mut symbols = Vec::new();
        let hints = &mut self.hints;
        let shadows = bound.iter().map(crate::text::name_of).collect();
        names::walk_under(&mut expr, shadows, &mut |found| match found {
            Found::Name(name) => {
                let symbol = analysis.resolve(sees, name);
                if symbol.is_none()
                    && let Some((near, _)) = analysis.nearest(sees, name)
                {
                    hints.insert(near, name.span());
                }
                symbols.push((symbol?, name.clone()));
                Some(borrowed(name))
            }
            Found::InMacro(name) => {
                symbols.extend(
                    analysis
                        .resolve(sees, name)
                        .map(|symbol| (symbol, name.clone())),
                );
                None
            }
            _ => None,
        });
        for (symbol, name) in symbols {
            self.bind(symbol, &name);
        }
        expr.to_token_stream()
    }

    /// The value moved out of its slot, where nobody else uses it.
    fn taken(&mut self, ident: &Ident, symbol: Symbol) -> TokenStream {
        let span = ident.span();
        if self.reads_outcome(symbol) {
            return self.outcome(ident, symbol);
        }
        if self.only_waits(symbol) {
            return quote_spanned!(span=> ());
        }
        if self.analysis.is_kept(symbol) {
            let slot = self.slot_of(symbol, span);
            return quote_spanned!(span=> #slot.take());
        }
        match symbol {
            Symbol::Input(_) => {
                let slot = self.slot_of(symbol, span);
                let taker = types::spanned(self.taker.clone(), span);
                quote_spanned!(span=> __p::take::<#taker, _>(&#slot))
            }
            Symbol::Equation(scope, equation) => self.moved(scope, equation, span),
            Symbol::Local(scope, _) if self.item_pattern(scope).is_some() => {
                let item = self.item(scope);
                quote_spanned!(span=> __p::TakeItem::take_item(#item))
            }
            Symbol::Local(scope, _) => {
                self.pattern(scope, Some(ident));
                quote!(#ident)
            }
        }
    }

    /// The value of an equation, moved out of its slot.
    fn moved(&mut self, scope: ScopeId, equation: usize, span: Span) -> TokenStream {
        if let Rhs::View(view) = &self.analysis.equation(scope, equation).rhs {
            let view = self.in_scope(scope, |binder| binder.expression(view));
            return quote_spanned!(span=> { #view });
        }
        let slot = self.slot_of(Symbol::Equation(scope, equation), span);
        let taker = types::spanned(self.taker.clone(), span);
        let absent = types::may_be_absent(self.analysis, scope, equation);
        let take = Ident::new(if absent { "take_or_none" } else { "take" }, span);
        if self.analysis.has_nameable_type(scope, equation) {
            return quote_spanned!(span=> __p::#take::<#taker, _>(&#slot));
        }
        let witness = self.witness(scope, equation);
        quote_spanned!(span=> #slot.#take::<#taker, _>(#witness))
    }

    /// How a node ended, with its value.
    fn outcome(&mut self, ident: &Ident, symbol: Symbol) -> TokenStream {
        let span = ident.span();
        match symbol {
            Symbol::Equation(scope, equation)
                if self.only_waits(symbol) && self.analysis.is_moved(symbol) =>
            {
                self.ended(scope, equation, &quote!(__p::Some(())), span)
            }
            Symbol::Equation(scope, equation) if self.analysis.is_moved(symbol) => {
                let slot = self.slot_of(symbol, span);
                let witness = (!self.analysis.has_nameable_type(scope, equation))
                    .then(|| self.witness(scope, equation));
                let value = quote_spanned!(span=> #slot.take_if_there(#witness));
                self.ended(scope, equation, &value, span)
            }
            _ => {
                self.bind(symbol, ident);
                quote_spanned!(span=> ::core::clone::Clone::clone(#ident))
            }
        }
    }

    /// How a node ended, with what there is of its value.
    fn ended(
        &self,
        scope: ScopeId,
        equation: usize,
        value: &TokenStream,
        span: Span,
    ) -> TokenStream {
        let levels = Literal::usize_unsuffixed(self.analysis.levels(self.at, scope));
        let place = self.analysis.scopes[scope].places[equation].unwrap_or(0);
        let (cx, place) = (types::cx(), Literal::usize_unsuffixed(place));
        quote_spanned!(span=> #cx.outcome(#levels, #place, #value))
    }

    /// Whether a node gives nothing, so that it has no slot.
    fn only_waits(&self, symbol: Symbol) -> bool {
        matches!(symbol, Symbol::Equation(scope, equation)
            if matches!(self.analysis.equation(scope, equation).rhs, Rhs::Sleep(_)))
    }

    fn reads_outcome(&self, symbol: Symbol) -> bool {
        let Symbol::Equation(scope, equation) = symbol else {
            return false;
        };
        let defined = self.analysis.equation(scope, equation);
        if !defined.rhs.is_node() {
            return false;
        }
        if defined.gives_outcome() {
            return true;
        }
        match self.reader {
            Some(Reader::Equation(reader, _)) if scope == self.at => {
                self.analysis.equation(self.at, reader).reads_outcomes()
            }
            _ => false,
        }
    }

    /// The slot of an input or a node.
    fn slot_of(&mut self, symbol: Symbol, span: Span) -> Option<Slot> {
        match symbol {
            Symbol::Equation(scope, equation) => {
                Some(self.slot(scope, format_ident!("n{equation}"), span))
            }
            Symbol::Input(input) => Some(self.slot(0, format_ident!("i{input}"), span)),
            // What a pattern binds is bound anew by each reader.
            Symbol::Local(..) => None,
        }
    }

    /// A slot of a scope around.
    fn slot(&mut self, scope: ScopeId, field: Ident, span: Span) -> Slot {
        self.opened.insert(scope);
        Slot::new(scope, field, span)
    }

    /// Binds a name as a reference to its value, once.
    pub(super) fn bind(&mut self, symbol: Symbol, ident: &Ident) {
        if !self.bound.insert(symbol) {
            return;
        }
        // The name that is bound is spelled as in its definition, so that raw identifiers agree.
        if let Some(field) = self.plain_slot(symbol) {
            self.opened.insert(self.at);
            self.reads.push((ident.clone(), field));
            return;
        }
        let span = ident.span();
        let binding = match symbol {
            Symbol::Input(_) => {
                let slot = self.slot_of(symbol, span);
                let kept = self.analysis.is_kept(symbol);
                let lend = kept.then(|| quote_spanned!(span=> let #ident = &*#ident;));
                quote_spanned!(span=> let #ident = #slot.get(); #lend)
            }
            Symbol::Equation(scope, equation) => self.bind_equation(scope, equation, ident),
            Symbol::Local(scope, _) => match self.item_pattern(scope) {
                Some(_) => {
                    let item = self.item(scope);
                    quote_spanned!(span=> let #ident = #item; let #ident = &*#ident;)
                }
                None => {
                    self.pattern(scope, None);
                    TokenStream::new()
                }
            },
        };
        self.lets.push(binding);
    }

    fn bind_equation(&mut self, scope: ScopeId, equation: usize, ident: &Ident) -> TokenStream {
        let span = ident.span();
        let defined = self.analysis.equation(scope, equation);
        if let Rhs::View(view) = &defined.rhs {
            let view = self.in_scope(scope, |binder| binder.expression(view));
            return quote_spanned!(span=> let #ident = &(#view););
        }
        if matches!(defined.rhs, Rhs::Broken) {
            return quote_spanned!(span=> let #ident = &::core::unreachable!(););
        }
        let symbol = Symbol::Equation(scope, equation);
        if self.only_waits(symbol) {
            let nothing = if self.reads_outcome(symbol) {
                self.ended(scope, equation, &quote!(__p::Some(&())), span)
            } else {
                quote_spanned!(span=> ())
            };
            return quote_spanned!(span=> let #ident = &#nothing;);
        }
        let slot = self.slot_of(symbol, span);
        if self.analysis.is_kept(symbol) {
            let outcome = self.ended(scope, equation, &quote!(#ident.as_deref()), span);
            return quote_spanned!(span=> let #ident = #slot.peek(); let #ident = &#outcome;);
        }
        let witness = (!self.analysis.has_nameable_type(scope, equation))
            .then(|| self.witness(scope, equation));
        if self.reads_outcome(symbol) {
            let outcome = self.ended(scope, equation, &quote!(#slot.peek(#witness)), span);
            return quote_spanned!(span=> let #ident = &#outcome;);
        }
        let absent = types::may_be_absent(self.analysis, scope, equation);
        let get = Ident::new(if absent { "get_or_none" } else { "get" }, span);
        quote_spanned!(span=> let #ident = #slot.#get(#witness);)
    }

    /// Writes something of a scope around, with the names that it sees: values, whatever this reader's rule is.
    fn in_scope<T>(&mut self, scope: ScopeId, write: impl FnOnce(&mut Self) -> T) -> T {
        let (reader, sees) = (self.reader.take(), std::mem::replace(&mut self.sees, scope));
        let written = write(self);
        (self.reader, self.sees) = (reader, sees);
        written
    }

    /// The pattern of a `for` that is a single name.
    fn item_pattern(&self, scope: ScopeId) -> Option<&'w Ident> {
        let (around, equation) = self.analysis.scopes[scope].parent?;
        let Rhs::For(for_loop) = &self.analysis.equation(around, equation).rhs else {
            return None;
        };
        match &for_loop.pat {
            syn::Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => {
                Some(&pat.ident)
            }
            _ => None,
        }
    }

    /// The item of the `for` whose body a scope is.
    pub(super) fn item(&mut self, scope: ScopeId) -> TokenStream {
        let Some((around, equation)) = self.analysis.scopes[scope].parent else {
            return TokenStream::new();
        };
        let Rhs::For(for_loop) = &self.analysis.equation(around, equation).rhs else {
            return TokenStream::new();
        };
        let span = for_loop.head.span();
        let held = self.slot(around, format_ident!("h{equation}"), span);
        let levels = Literal::usize_unsuffixed(self.analysis.levels(self.at, scope));
        let head = self.in_scope(around, |binder| binder.argument_in_head(&for_loop.head));
        let cx = types::cx();
        let fan = types::fan(&for_loop.head, &held, &head);
        quote!(#fan.item(#cx.item(#levels)))
    }

    /// The head of a `for`: a name alone is moved into what is kept, once; here it only says its type.
    pub(super) fn argument_in_head(&mut self, head: &Expr) -> TokenStream {
        match self.named(head) {
            Some((ident, symbol)) => self.value(ident, symbol),
            None => self.expression(head),
        }
    }

    /// Binds what the pattern of a `for` or of an arm binds; all but `moved` as references.
    fn pattern(&mut self, scope: ScopeId, moved: Option<&Ident>) {
        let Some((around, equation)) = self.analysis.scopes[scope].parent else {
            return;
        };
        let locals = &self.analysis.scopes[scope].locals;
        if !self.matched.insert(scope) {
            return;
        }
        let bindings = match (
            &self.analysis.equation(around, equation).rhs,
            self.analysis.scopes[scope].kind,
        ) {
            (Rhs::For(for_loop), _) => {
                let item = self.item(scope);
                let pat = &for_loop.pat;
                quote!(let #pat = __p::TakeItem::take_item(#item) else { ::core::unreachable!() };)
            }
            (Rhs::Branch(branch), Kind::Arm(arm)) => {
                let test = &branch.arms[arm].test;
                match (&branch.kind, test) {
                    (BranchKind::Match(_, head), Test::Pat(pat)) => {
                        let head = self.in_scope(around, |binder| binder.expression(head));
                        let pat = unguarded(pat);
                        quote!(let #pat = #head else { ::core::unreachable!() };)
                    }
                    (_, Test::Cond(cond)) => self.conditions(around, cond),
                    _ => TokenStream::new(),
                }
            }
            _ => TokenStream::new(),
        };
        self.lets.push(bindings);
        for local in locals.iter().filter(|local| moved != Some(local)) {
            self.lets.push(quote!(let #local = &#local;));
        }
    }

    /// The `let`s of a condition, one after the other.
    fn conditions(&mut self, around: ScopeId, cond: &Expr) -> TokenStream {
        match cond {
            Expr::Let(binding) => {
                let head = self.in_scope(around, |binder| binder.expression(&binding.expr));
                let pat = &binding.pat;
                quote!(let #pat = #head else { ::core::unreachable!() };)
            }
            Expr::Binary(binary) => {
                let mut left = self.conditions(around, &binary.left);
                left.extend(self.conditions(around, &binary.right));
                left
            }
            Expr::Paren(paren) => self.conditions(around, &paren.expr),
            _ => TokenStream::new(),
        }
    }

    /// A function that is never called and says by what it returns which type a node's value has.
    fn witness(&self, scope: ScopeId, equation: usize) -> TokenStream {
        let value = value::witnessed(self.analysis, scope, equation);
        quote!(|| #value)
    }
}

/// A name behind a shared borrow, all of it where the name stands.
fn borrowed(name: &Ident) -> Expr {
    let span = name.span();
    Expr::Verbatim(quote_spanned!(span=> (*#name)))
}

fn unguarded(pat: &syn::Pat) -> &syn::Pat {
    match pat {
        syn::Pat::Guard(guard) => &guard.pat,
        pat => pat,
    }
}
