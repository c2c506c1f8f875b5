//! What follows from a workflow's equations: who reads what, and in which order nodes can run.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::Span;
use syn::{Expr, Ident, Pat};

use super::model::{BranchKind, Call, Equation, Rhs, Scope, Test, Workflow};
use super::names::{self, Found};
use crate::diagnostics::{self, Errors};
use crate::text;

/// A scope by its place in [`Analysis::scopes`]; the workflow's own is 0.
pub(crate) type ScopeId = usize;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Symbol {
    /// An input.
    Input(usize),
    /// An equation of a scope.
    Equation(ScopeId, usize),
    /// A name that a scope's pattern binds: a `for`'s item, what an arm matched.
    Local(ScopeId, usize),
}

/// How a name is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// Alone, as an argument or as a part of the result: the value itself.
    Bare,
    /// Inside a larger expression.
    Inner,
    /// Inside a macro's arguments.
    InMacro,
}

/// Which part of an equation a use is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// The equation itself: its arguments, its head, a `for`'s body.
    Whole,
    /// An arm.
    Arm(usize),
}

/// Who reads a name: an equation, or a scope's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reader {
    Equation(usize, Part),
    Tail,
}

/// A use of a name.
#[derive(Debug, Clone)]
pub(crate) struct Use {
    pub(crate) symbol: Symbol,
    pub(crate) ident: Ident,
    pub(crate) how: How,
    /// The scope the use is in.
    pub(crate) scope: ScopeId,
    pub(crate) reader: Reader,
    /// Whether it is in a view, which may be computed more than once.
    pub(crate) in_view: bool,
}

/// What a scope is to the one around it.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Root,
    Body,
    Arm(usize),
}

/// A scope, analyzed.
pub(crate) struct ScopeInfo<'a> {
    pub(crate) scope: &'a Scope,
    pub(crate) kind: Kind,
    /// The scope around it, and the equation there that it belongs to.
    pub(crate) parent: Option<(ScopeId, usize)>,
    /// The names that its pattern binds.
    pub(crate) locals: Vec<Ident>,
    /// The scopes of each equation's body or arms.
    pub(crate) inner: Vec<Vec<ScopeId>>,
    /// For each equation, the equations of this scope that it reads, with a token that says so.
    pub(crate) reads: Vec<BTreeMap<usize, Ident>>,
    /// For each equation's arms, the equations of this scope that the arm reads.
    pub(crate) arm_reads: Vec<Vec<BTreeSet<usize>>>,
    /// For each equation, those it only waits for.
    pub(crate) after: Vec<BTreeMap<usize, Ident>>,
    pub(crate) tail_reads: BTreeSet<usize>,
    /// The equations that are nodes, in the plan's order.
    pub(crate) order: Vec<usize>,
}

impl ScopeInfo<'_> {
    /// An equation's place in the plan.
    pub(crate) fn position(&self, equation: usize) -> Option<usize> {
        self.order.iter().position(|&node| node == equation)
    }
}

/// A workflow, analyzed.
pub(crate) struct Analysis<'a> {
    pub(crate) workflow: &'a Workflow,
    pub(crate) scopes: Vec<ScopeInfo<'a>>,
    pub(crate) uses: Vec<Use>,
    names: Vec<BTreeMap<String, Symbol>>,
    /// Symbols that a second definition has made doubtful.
    doubtful: BTreeSet<Symbol>,
    /// Symbols that a misspelt name was most likely meant to be.
    meant: BTreeSet<Symbol>,
    /// Who reads something that was reported, so that whatever followed from it would be said twice.
    spoiled: BTreeSet<(ScopeId, Reader)>,
}

impl<'a> Analysis<'a> {
    /// Analyzes a workflow; what is wrong with its names is in `errors`.
    pub(crate) fn new(workflow: &'a Workflow, errors: &mut Errors) -> Self {
        let mut analysis = Self {
            workflow,
            scopes: Vec::new(),
            uses: Vec::new(),
            names: Vec::new(),
            doubtful: BTreeSet::new(),
            meant: BTreeSet::new(),
            spoiled: BTreeSet::new(),
        };
        analysis.enter(&workflow.body, Kind::Root, None, Vec::new(), errors);
        analysis.connect();
        analysis
    }

    pub(crate) fn equation(&self, scope: ScopeId, equation: usize) -> &'a Equation {
        &self.scopes[scope].scope.equations[equation]
    }

    /// What a name stands for in a scope.
    pub(crate) fn resolve(&self, scope: ScopeId, ident: &Ident) -> Option<Symbol> {
        let name = text::name_of(ident);
        let mut at = Some(scope);
        while let Some(scope) = at {
            if let Some(symbol) = self.names[scope].get(&name) {
                return Some(*symbol);
            }
            at = self.scopes[scope].parent.map(|(around, _)| around);
        }
        None
    }

    /// The name that was most likely meant by one that stands for nothing here.
    pub(crate) fn nearest(&self, scope: ScopeId, ident: &Ident) -> Option<(String, Symbol)> {
        let mut visible: BTreeMap<&str, Symbol> = BTreeMap::new();
        let mut at = Some(scope);
        while let Some(scope) = at {
            let named = self.names[scope]
                .iter()
                .filter(|(name, _)| !name.starts_with("__orch_"));
            visible.extend(named.map(|(name, symbol)| (name.as_str(), *symbol)));
            at = self.scopes[scope].parent.map(|(around, _)| around);
        }
        let name = diagnostics::nearest(&text::name_of(ident), visible.keys().copied())?;
        Some((name.to_owned(), visible[name]))
    }

    /// Whether a name that stands for nothing was most likely meant to be this one.
    pub(crate) fn is_meant(&self, symbol: Symbol) -> bool {
        self.meant.contains(&symbol)
    }

    /// Leaves a reader out of the code.
    pub(crate) fn spoil(&mut self, scope: ScopeId, reader: Reader) {
        self.spoiled.insert((scope, reader));
    }

    /// Whether an equation holds or reads something that was reported.
    pub(crate) fn is_spoiled(&self, scope: ScopeId, equation: usize) -> bool {
        self.spoiled.iter().any(|(at, reader)| {
            *at == scope && matches!(reader, Reader::Equation(idx, _) if *idx == equation)
        })
    }

    /// Whether a scope's result holds or reads something that was reported.
    pub(crate) fn is_tail_spoiled(&self, scope: ScopeId) -> bool {
        self.scopes[scope].scope.tail_broken || self.spoiled.contains(&(scope, Reader::Tail))
    }

    /// The scope that a symbol belongs to.
    pub(crate) fn scope_of(symbol: Symbol) -> ScopeId {
        match symbol {
            Symbol::Input(_) => 0,
            Symbol::Equation(scope, _) | Symbol::Local(scope, _) => scope,
        }
    }

    /// How many scopes lie from one out to another around it.
    pub(crate) fn levels(&self, from: ScopeId, to: ScopeId) -> usize {
        let mut levels = 0;
        let mut at = from;
        while at != to {
            let Some((around, _)) = self.scopes[at].parent else {
                break;
            };
            at = around;
            levels += 1;
        }
        levels
    }

    fn crosses_loop(&self, from: ScopeId, to: ScopeId) -> bool {
        let mut at = from;
        while at != to {
            if matches!(self.scopes[at].kind, Kind::Body) {
                return true;
            }
            let Some((around, _)) = self.scopes[at].parent else {
                break;
            };
            at = around;
        }
        false
    }

    /// Whether a symbol's value is moved: its one use takes it, and takes it once.
    pub(crate) fn is_moved(&self, symbol: Symbol) -> bool {
        let mut uses = self.uses.iter().filter(|usage| usage.symbol == symbol);
        let (Some(only), None) = (uses.next(), uses.next()) else {
            return false;
        };
        only.how == How::Bare
            && !only.in_view
            && !self.crosses_loop(only.scope, Self::scope_of(symbol))
            && (only.reader == Reader::Tail || !self.is_outcome(only))
    }

    /// Whether a use reads an outcome instead of a value.
    pub(crate) fn is_outcome(&self, usage: &Use) -> bool {
        let Symbol::Equation(scope, equation) = usage.symbol else {
            return false;
        };
        let defined = self.equation(scope, equation);
        if !defined.rhs.is_node() {
            return false;
        }
        if matches!(
            &defined.rhs,
            Rhs::Call(Call {
                outcome: Some(_),
                ..
            })
        ) {
            return true;
        }
        let Reader::Equation(reader, _) = usage.reader else {
            return false;
        };
        usage.scope == scope && self.equation(scope, reader).reads_outcomes()
    }

    fn enter(
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
            reads: vec![BTreeMap::new(); count],
            arm_reads: vec![Vec::new(); count],
            after: vec![BTreeMap::new(); count],
            tail_reads: BTreeSet::new(),
            order: Vec::new(),
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
    fn define(&mut self, id: ScopeId, errors: &mut Errors) -> BTreeMap<String, Symbol> {
        let mut names: BTreeMap<String, (Symbol, Span)> = BTreeMap::new();
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
            if !equation.named {
                continue;
            }
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
            // What the macro itself has named is only ever meant where it stands.
            if around.is_some() && !name.starts_with("__orch_") {
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
            Rhs::Broken => {}
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

    /// Turns uses into edges: a use inside a body is its control form's.
    fn connect(&mut self) {
        for usage in self.uses.clone() {
            let Symbol::Equation(scope, equation) = usage.symbol else {
                continue;
            };
            let (mut at, mut reader) = (usage.scope, usage.reader);
            while at != scope {
                let Some((around, form)) = self.scopes[at].parent else {
                    break;
                };
                let part = match self.scopes[at].kind {
                    Kind::Arm(arm) => Part::Arm(arm),
                    _ => Part::Whole,
                };
                (at, reader) = (around, Reader::Equation(form, part));
            }
            let info = &mut self.scopes[scope];
            match reader {
                Reader::Tail => {
                    info.tail_reads.insert(equation);
                }
                Reader::Equation(by, Part::Whole) => {
                    info.reads[by].entry(equation).or_insert(usage.ident);
                }
                Reader::Equation(by, Part::Arm(arm)) => {
                    let arms = &mut info.arm_reads[by];
                    if arms.len() <= arm {
                        arms.resize_with(arm + 1, BTreeSet::new);
                    }
                    arms[arm].insert(equation);
                    info.reads[by].entry(equation).or_insert(usage.ident);
                }
            }
        }
        self.arm_heads();
    }

    /// Whatever an arm reads and its head does not is waited for only once the arm is chosen.
    fn arm_heads(&mut self) {
        for id in 0..self.scopes.len() {
            for idx in 0..self.scopes[id].scope.equations.len() {
                let head: BTreeSet<usize> = self
                    .uses
                    .iter()
                    .filter(|usage| {
                        usage.scope == id && usage.reader == Reader::Equation(idx, Part::Whole)
                    })
                    .filter_map(|usage| match usage.symbol {
                        Symbol::Equation(scope, equation) if scope == id => Some(equation),
                        _ => None,
                    })
                    .collect();
                for arm in &mut self.scopes[id].arm_reads[idx] {
                    arm.retain(|read| !head.contains(read));
                }
            }
        }
    }

    /// The nodes behind what is read: those themselves, and those that views among them read.
    pub(crate) fn nodes_behind(
        &self,
        scope: ScopeId,
        reads: impl IntoIterator<Item = usize>,
    ) -> BTreeSet<usize> {
        let info = &self.scopes[scope];
        let (mut nodes, mut seen) = (BTreeSet::new(), BTreeSet::new());
        let mut open: Vec<usize> = reads.into_iter().collect();
        while let Some(read) = open.pop() {
            if !seen.insert(read) {
                continue;
            }
            if info.scope.equations[read].rhs.is_node() {
                nodes.insert(read);
            } else {
                open.extend(info.reads[read].keys());
            }
        }
        nodes
    }

    /// What only an equation's arms read, all of them together.
    pub(crate) fn only_arms_read(&self, scope: ScopeId, equation: usize) -> BTreeSet<usize> {
        let arms = &self.scopes[scope].arm_reads[equation];
        arms.iter().flatten().copied().collect()
    }
}

impl Equation {
    /// Whether the nodes that it names are outcomes to it.
    pub(crate) fn reads_outcomes(&self) -> bool {
        self.options.finally.is_some()
            || self
                .options
                .rule
                .as_ref()
                .is_some_and(|rule| rule.value != "AllSuccess")
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

/// The name that an expression is, if it is nothing else.
pub(crate) fn bare(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Path(path) if path.qself.is_none() && path.attrs.is_empty() => path.path.get_ident(),
        Expr::Paren(paren) => bare(&paren.expr),
        _ => None,
    }
}

/// The parts that an expression only puts together: a tuple's, an array's, a struct's, a constructor's.
pub(crate) fn parts(expr: &Expr) -> Option<Vec<&Expr>> {
    match expr {
        Expr::Tuple(tuple) => Some(tuple.elems.iter().collect()),
        Expr::Array(array) => Some(array.elems.iter().collect()),
        Expr::Paren(paren) => parts(&paren.expr),
        Expr::Struct(literal) => {
            let fields = literal.fields.iter().map(|field| &field.expr);
            Some(fields.chain(literal.rest.as_deref()).collect())
        }
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => {
                let name = path.path.segments.last()?.ident.to_string();
                name.starts_with(char::is_uppercase)
                    .then(|| call.args.iter().collect())
            }
            _ => None,
        },
        _ => None,
    }
}
