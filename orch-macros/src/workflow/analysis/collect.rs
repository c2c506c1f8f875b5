//! The names that scopes define, and their uses.

use proc_macro2::Span;
use syn::{Expr, Ident, Pat};

use super::super::model::{BranchKind, Length, Rhs, Scope, Test};
use super::super::names::{self, Found};
use super::super::parse;
use super::{Analysis, How, Kind, Part, Reader, ScopeId, ScopeInfo, Symbol, Use, bare, parts};
use crate::diagnostics::Errors;
use crate::ordered::Map;
use crate::text;

impl<'a> Analysis<'a> {
    /// Takes in a scope and those inside it.
    pub(super) fn enter(
        &mut self,
        scope: &'a Scope,
        kind: Kind,
        parent: Option<(ScopeId, usize)>,
        locals: Vec<Ident>,
        errors: &mut Errors,
    ) -> ScopeId {
        let id = self.scopes.len();
        let count = scope.equations.len();
        self.scopes.push(ScopeInfo {
            scope,
            kind,
            parent,
            locals,
            inner: vec![Vec::new(); count],
            reads: vec![Map::new(); count],
            arm_reads: vec![Vec::new(); count],
            after: vec![Map::new(); count],
            tail_reads: Map::new(),
            order: Vec::new(),
            places: vec![None; count],
            plan_names: Vec::new(),
            handled: Vec::new(),
            unwritable: vec![false; count],
            tail_unwritable: false,
        });
        let names = self.define(id, errors);
        self.names.push(names);
        for (idx, equation) in scope.equations.iter().enumerate() {
            self.equation_uses(id, idx, &equation.rhs, errors);
        }
        if let Some(tail) = &scope.tail {
            self.construction(id, Reader::Tail, tail, errors);
        }
        id
    }

    /// The names that a scope defines.
    fn define(&mut self, id: ScopeId, errors: &mut Errors) -> Map<String, Symbol> {
        let mut names: Map<String, (Symbol, Span)> = Map::new();
        let mut doubtful = Vec::new();
        let info = &self.scopes[id];
        if id == 0 {
            for (idx, input) in self.workflow.inputs.iter().enumerate() {
                names.insert(
                    text::name_of(&input.name),
                    (Symbol::Input(idx), input.name.span()),
                );
            }
        }
        for (idx, local) in info.locals.iter().enumerate() {
            names.insert(text::name_of(local), (Symbol::Local(id, idx), local.span()));
        }
        for (idx, equation) in info.scope.equations.iter().enumerate() {
            let name = text::name_of(&equation.ident);
            if let Some((earlier, place)) = names.get(&name) {
                let what = match earlier {
                    Symbol::Input(_) => "an input",
                    Symbol::Local(..) => "a name of the pattern around",
                    Symbol::Equation(..) => "another equation",
                };
                let mut error = syn::Error::new(
                    equation.ident.span(),
                    format!(
                        "`{name}` is {what} already: equations are not assignments, so each needs a name of its own"
                    ),
                );
                error.combine(syn::Error::new(
                    *place,
                    format!("`{name}` is defined here first"),
                ));
                errors.push(error);
                doubtful.push(*earlier);
                continue;
            }
            let around = info
                .parent
                .and_then(|(around, _)| self.resolve(around, &equation.ident));
            if around.is_some() {
                errors.at(
                    &equation.ident,
                    format!("`{name}` is defined around this body already: give this one a name of its own"),
                );
            }
            names.insert(name, (Symbol::Equation(id, idx), equation.ident.span()));
        }
        self.doubtful.extend(doubtful);
        names
            .into_iter()
            .map(|(name, (symbol, _))| (name, symbol))
            .collect()
    }

    fn equation_uses(&mut self, id: ScopeId, idx: usize, rhs: &'a Rhs, errors: &mut Errors) {
        let whole = Reader::Equation(idx, Part::Whole);
        match rhs {
            Rhs::Call(call) => {
                for arg in call.tiers.iter().flat_map(|tier| &tier.args) {
                    match bare(arg).and_then(|name| Some((name, self.resolve(id, name)?))) {
                        Some((name, symbol)) => self.add(symbol, name, How::Bare, id, whole, false),
                        None => self.expression(id, whole, arg, false, errors),
                    }
                }
            }
            Rhs::View(view) => self.expression(id, whole, view, true, errors),
            Rhs::For(for_loop) => {
                match bare(&for_loop.head).and_then(|name| Some((name, self.resolve(id, name)?))) {
                    Some((name, symbol)) => self.add(symbol, name, How::Bare, id, whole, false),
                    None => self.expression(id, whole, &for_loop.head, true, errors),
                }
                let locals = names::bound(&for_loop.pat);
                let inner = self.enter(&for_loop.body, Kind::Body, Some((id, idx)), locals, errors);
                self.scopes[id].inner[idx].push(inner);
                if let Some(key) = &self.equation(id, idx).options.key {
                    self.key(inner, &key.value, errors);
                }
            }
            Rhs::Branch(branch) => {
                if let BranchKind::Match(_, head) = &branch.kind {
                    self.expression(id, whole, head, true, errors);
                }
                for (arm_idx, arm) in branch.arms.iter().enumerate() {
                    let locals = match &arm.test {
                        Test::Cond(cond) => {
                            self.expression(id, whole, cond, true, errors);
                            names::bound_by(cond)
                        }
                        Test::Pat(pat) => {
                            self.guard(id, whole, pat, errors);
                            names::bound(pat)
                        }
                        Test::Else => Vec::new(),
                    };
                    let inner = self.enter(
                        &arm.body,
                        Kind::Arm(arm_idx),
                        Some((id, idx)),
                        locals,
                        errors,
                    );
                    self.scopes[id].inner[idx].push(inner);
                }
            }
            Rhs::Sleep(sleep) => {
                if let Length::Computed(length) = &sleep.length {
                    self.expression(id, whole, length, true, errors);
                }
            }
            Rhs::Signal(_) | Rhs::Broken => {}
        }
    }

    fn guard(&mut self, id: ScopeId, reader: Reader, pat: &Pat, errors: &mut Errors) {
        let mut found = Vec::new();
        names::walk_pat(&mut pat.clone(), &mut |what| {
            note(what, &mut found);
            None
        });
        self.add_found(id, reader, found, true, errors);
    }

    /// Adds the uses in an expression.
    fn expression(
        &mut self,
        id: ScopeId,
        reader: Reader,
        expr: &Expr,
        in_view: bool,
        errors: &mut Errors,
    ) {
        let mut found = Vec::new();
        names::walk(&mut expr.clone(), &mut |what| {
            note(what, &mut found);
            None
        });
        self.add_found(id, reader, found, in_view, errors);
    }

    /// Adds the uses in a result, whose parts may be moved into it.
    fn construction(&mut self, id: ScopeId, reader: Reader, expr: &Expr, errors: &mut Errors) {
        if let Some(name) = bare(expr) {
            if let Some(symbol) = self.resolve(id, name) {
                self.add(symbol, name, How::Bare, id, reader, false);
            }
            return;
        }
        match parts(expr) {
            Some(parts) => {
                for part in parts {
                    self.construction(id, reader, part, errors);
                }
            }
            None => self.expression(id, reader, expr, false, errors),
        }
    }

    /// Adds the uses in what tells the items of a `for` apart; it sees an item and what is around the `for`.
    fn key(&mut self, body: ScopeId, key: &Expr, errors: &mut Errors) {
        let mut found = Vec::new();
        names::walk(&mut key.clone(), &mut |what| {
            note(what, &mut found);
            None
        });
        found.retain(|noted| {
            let Noted::Name(name, _) = noted else {
                return true;
            };
            match self.resolve(body, name) {
                Some(symbol @ Symbol::Local(scope, _)) if scope == body => {
                    self.keys.insert(symbol);
                    false
                }
                Some(Symbol::Equation(scope, _)) if scope == body => {
                    errors.at(
                        name,
                        format!("items are told apart before the body runs, and `{name}` is an equation in it: name the item, or what is around the `for`"),
                    );
                    self.spoiled.insert((body, Reader::Tail));
                    false
                }
                _ => true,
            }
        });
        self.add_found(body, Reader::Tail, found, true, errors);
    }

    fn add_found(
        &mut self,
        id: ScopeId,
        reader: Reader,
        found: Vec<Noted>,
        in_view: bool,
        errors: &mut Errors,
    ) {
        for noted in found {
            match noted {
                Noted::Name(name, how) => {
                    if let Some(symbol) = self.resolve(id, &name) {
                        self.add(symbol, &name, how, id, reader, in_view);
                    } else if let Some((_, symbol)) = self.nearest(id, &name) {
                        self.meant.insert(symbol);
                    }
                }
                Noted::Call(path) => {
                    self.spoil(id, reader);
                    if let Some(word) = parse::waiting_word(&path) {
                        errors.at(
                            word,
                            format!(
                                "`{word}` waits in an equation of its own: write {}, and use the name here",
                                parse::waiting_equation(word)
                            ),
                        );
                        continue;
                    }
                    let called = text::source(&path);
                    errors.at(
                        &path,
                        format!(
                            "a step is called by an equation of its own, so that it never runs without its policies: write `name = {called}(…);` and use `name` here"
                        ),
                    );
                }
                Noted::Word(span, why) => errors.push(syn::Error::new(span, why)),
            }
        }
    }

    fn add(
        &mut self,
        symbol: Symbol,
        ident: &Ident,
        how: How,
        scope: ScopeId,
        reader: Reader,
        in_view: bool,
    ) {
        if self.doubtful.contains(&symbol) {
            self.spoil(scope, reader);
        }
        self.uses.push(Use {
            symbol,
            ident: ident.clone(),
            how,
            scope,
            reader,
            in_view,
        });
    }
}

enum Noted {
    Name(Ident, How),
    Call(Expr),
    Word(Span, &'static str),
}

fn note(found: Found<'_>, noted: &mut Vec<Noted>) {
    noted.push(match found {
        Found::Name(name) => Noted::Name(name.clone(), How::Inner),
        Found::InMacro(name) => Noted::Name(name.clone(), How::InMacro),
        Found::Call(path) => Noted::Call(path.clone()),
        Found::Word(span, why) => Noted::Word(span, why),
    });
}
