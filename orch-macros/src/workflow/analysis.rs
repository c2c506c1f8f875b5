//! What follows from a workflow's equations: who reads what, and in which order nodes can run.
//!
//! Everything that is asked more than once is found once, so that the work grows with the text.

mod collect;
mod connect;
mod facts;

use proc_macro2::Span;
use syn::{Expr, Ident};

use super::model::{Equation, Rhs, Scope, Workflow};
use crate::diagnostics::{self, Errors};
use crate::ordered::{Map, Set};
use crate::text;

/// A scope by its place in [`Analysis::scopes`]; the workflow's own is 0.
pub(crate) type ScopeId = usize;

/// What a name stands for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Symbol {
    /// An input.
    Input(usize),
    /// An equation of a scope.
    Equation(ScopeId, usize),
    /// A name that a scope's pattern binds: a `for`'s item, what an arm matched.
    Local(ScopeId, usize),
}

/// How a name is used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// Alone, as an argument or as a part of the result: the value itself.
    Bare,
    /// Inside a larger expression.
    Inner,
    /// Inside a macro's arguments.
    InMacro,
}

/// Which part of an equation a use is in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// The equation itself: its arguments, its head, a `for`'s body.
    Whole,
    /// An arm.
    Arm(usize),
}

/// Who reads a name: an equation, or a scope's result.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reader {
    Equation(usize, Part),
    Tail,
}

/// A use of a name.
#[derive(Clone)]
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

/// Why a value that is taken is wanted again.
pub(crate) enum Again<'a> {
    /// By another use.
    At(&'a Use),
    /// By the use itself, for each item of the `for` with this word.
    Loop(Span),
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
    pub(crate) reads: Vec<Map<usize, Ident>>,
    /// For each equation's arms, the equations of this scope that the arm reads.
    pub(crate) arm_reads: Vec<Vec<Set<usize>>>,
    /// For each equation, those it only waits for.
    pub(crate) after: Vec<Map<usize, Ident>>,
    /// The equations of this scope that its result reads.
    pub(crate) tail_reads: Map<usize, Ident>,
    /// The equations that are nodes, in the plan's order.
    pub(crate) order: Vec<usize>,
    /// Each equation's place in that order; none has what is no node or lies on a cycle.
    pub(crate) places: Vec<Option<usize>>,
    /// Each equation's name in the plan.
    pub(crate) plan_names: Vec<String>,
    /// Whether something consumes the failure of each equation.
    pub(crate) handled: Vec<bool>,
    /// Whether each equation, or what it must know of others, could not be understood.
    pub(crate) unwritable: Vec<bool>,
    /// Whether the result, or what it must know of others, could not be understood.
    pub(crate) tail_unwritable: bool,
}

/// A workflow, analyzed.
pub(crate) struct Analysis<'a> {
    pub(crate) workflow: &'a Workflow,
    pub(crate) scopes: Vec<ScopeInfo<'a>>,
    pub(crate) uses: Vec<Use>,
    names: Vec<Map<String, Symbol>>,
    /// The uses of each symbol, by their places in `uses`.
    used: Map<Symbol, Vec<usize>>,
    /// Symbols that a second definition has made doubtful.
    doubtful: Set<Symbol>,
    /// What the patterns of `for`s bind and `key`s read: a key is worked out before the body, and takes nothing.
    keys: Set<Symbol>,
    /// Symbols that a misspelt name was most likely meant to be.
    meant: Set<Symbol>,
    /// Who reads something that was reported, so that whatever followed from it would be said twice.
    spoiled: Set<(ScopeId, Reader)>,
}

impl<'a> Analysis<'a> {
    /// Analyzes a workflow; what is wrong with its names is in `errors`.
    pub(crate) fn new(workflow: &'a Workflow, errors: &mut Errors) -> Self {
        let mut analysis = Self {
            workflow,
            scopes: Vec::new(),
            uses: Vec::new(),
            names: Vec::new(),
            used: Map::new(),
            doubtful: Set::new(),
            keys: Set::new(),
            meant: Set::new(),
            spoiled: Set::new(),
        };
        analysis.enter(&workflow.body, Kind::Root, None, Vec::new(), errors);
        analysis.connect(errors);
        for scope in 0..analysis.scopes.len() {
            analysis.arrange(scope);
            analysis.name_nodes(scope);
            analysis.find_handled(scope);
        }
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

    /// The scope that a symbol belongs to.
    pub(crate) fn scope_of(symbol: Symbol) -> ScopeId {
        match symbol {
            Symbol::Input(_) => 0,
            Symbol::Equation(scope, _) | Symbol::Local(scope, _) => scope,
        }
    }

    /// The name that was most likely meant by one that stands for nothing here.
    pub(crate) fn nearest(&self, scope: ScopeId, ident: &Ident) -> Option<(String, Symbol)> {
        if text::name_of(ident).starts_with(char::is_uppercase) {
            // A constant, or a type's constructor.
            return None;
        }
        let mut visible: Map<&str, Symbol> = Map::new();
        let mut at = Some(scope);
        while let Some(scope) = at {
            let named = self.names[scope]
                .iter()
                .filter(|(name, _)| !name.starts_with("__orch_"));
            for (name, symbol) in named {
                visible.insert(name.as_str(), *symbol);
            }
            at = self.scopes[scope].parent.map(|(around, _)| around);
        }
        let name = diagnostics::nearest(&text::name_of(ident), visible.keys().copied())?;
        Some((name.to_owned(), *visible.get(name)?))
    }

    /// Whether a name that stands for nothing was most likely meant to be this one.
    pub(crate) fn is_meant(&self, symbol: Symbol) -> bool {
        self.meant.contains(&symbol)
    }

    /// Whether a name is read by what tells the items of its `for` apart.
    pub(crate) fn is_in_key(&self, symbol: Symbol) -> bool {
        self.keys.contains(&symbol)
    }

    /// Whether runs are kept, and what nodes give with them.
    pub(crate) fn is_durable(&self) -> bool {
        self.workflow.options.durable.is_some()
    }

    /// Leaves a reader out of the code: what is wrong with it was reported.
    pub(crate) fn spoil(&mut self, scope: ScopeId, reader: Reader) {
        self.spoiled.insert((scope, reader));
    }

    /// Where a symbol is named.
    pub(crate) fn uses_of(&self, symbol: Symbol) -> impl Iterator<Item = &Use> {
        let places = self.used.get(&symbol).into_iter().flatten();
        places.map(|&place| &self.uses[place])
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

    /// Every symbol of a scope that is used.
    pub(crate) fn symbols_of(&self, scope: ScopeId) -> impl Iterator<Item = Symbol> {
        let symbols = self.used.keys().copied();
        symbols.filter(move |symbol| Self::scope_of(*symbol) == scope)
    }

    /// A use that takes a symbol's value, and what else wants the value; nothing where it is moved, kept or lent.
    pub(crate) fn contested(&self, symbol: Symbol) -> Option<(&Use, Again<'_>)> {
        let told = self.doubtful.contains(&symbol);
        if told || self.is_moved(symbol) || self.is_kept(symbol) {
            return None;
        }
        let takes =
            |usage: &Use| usage.how == How::Bare && !usage.in_view && !self.is_outcome(usage);
        let (at, taken) = self
            .uses_of(symbol)
            .enumerate()
            .find(|(_, usage)| takes(usage))?;
        let others = || {
            let others = self.uses_of(symbol).enumerate();
            others
                .filter(|(other, _)| *other != at)
                .map(|(_, usage)| usage)
        };
        let again = match others()
            .find(|usage| takes(usage))
            .or_else(|| others().next())
        {
            Some(other) => Again::At(other),
            None => Again::Loop(self.loop_around(taken.scope)?),
        };
        Some((taken, again))
    }

    /// The word of the innermost `for` around a scope.
    fn loop_around(&self, scope: ScopeId) -> Option<Span> {
        let mut at = scope;
        loop {
            let (around, equation) = self.scopes[at].parent?;
            if let Rhs::For(for_loop) = &self.equation(around, equation).rhs {
                return Some(for_loop.word);
            }
            at = around;
        }
    }

    /// Whether the result takes a symbol's value when `finally` nodes, and nobody else, have looked at it.
    pub(crate) fn is_kept(&self, symbol: Symbol) -> bool {
        let has_slot = match symbol {
            Symbol::Input(_) => true,
            Symbol::Equation(0, equation) => {
                let defined = self.equation(0, equation);
                self.has_nameable_type(0, equation)
                    && !matches!(defined.rhs, Rhs::Sleep(_))
                    && defined.options.optional.is_none()
                    && defined.options.allow_skip.is_none()
                    && !defined.gives_outcome()
                    && !matches!(&defined.rhs, Rhs::Branch(branch) if branch.partial)
            }
            Symbol::Equation(..) | Symbol::Local(..) => false,
        };
        let looks_on = |usage: &Use| match usage.reader {
            Reader::Equation(reader, _) => {
                let reader = self.equation(usage.scope, reader);
                reader.options.finally.is_some()
                    && (usage.how != How::Bare || self.is_outcome(usage))
            }
            Reader::Tail => false,
        };
        let takes = |usage: &Use| {
            usage.reader == Reader::Tail && usage.scope == 0 && usage.how == How::Bare
        };
        // Most names have another reader soon, so that all of this is seldom looked at.
        has_slot
            && self
                .uses_of(symbol)
                .all(|usage| takes(usage) || looks_on(usage))
            && self.uses_of(symbol).filter(|usage| takes(usage)).count() == 1
            && self.uses_of(symbol).nth(1).is_some()
    }

    /// Whether a symbol's value is moved: its one use takes it, and takes it once.
    pub(crate) fn is_moved(&self, symbol: Symbol) -> bool {
        let mut uses = self.uses_of(symbol);
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
        if defined.gives_outcome() {
            return true;
        }
        let Reader::Equation(reader, _) = usage.reader else {
            return false;
        };
        usage.scope == scope && self.equation(scope, reader).reads_outcomes()
    }

    /// The nodes behind what is read: those themselves, and those that views among them read.
    pub(crate) fn nodes_behind(
        &self,
        scope: ScopeId,
        reads: impl IntoIterator<Item = usize>,
    ) -> Set<usize> {
        let info = &self.scopes[scope];
        let (mut nodes, mut seen) = (Set::new(), Set::new());
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
    pub(crate) fn only_arms_read(&self, scope: ScopeId, equation: usize) -> Set<usize> {
        let arms = &self.scopes[scope].arm_reads[equation];
        arms.iter().flatten().copied().collect()
    }
}

impl Equation {
    /// Whether the nodes that it names are outcomes to it.
    pub(crate) fn reads_outcomes(&self) -> bool {
        self.options.finally.is_some() || self.options.trigger().is_some()
    }

    /// Whether those that name it get its outcome: it was asked for with `.outcome()`.
    pub(crate) fn gives_outcome(&self) -> bool {
        matches!(&self.rhs, Rhs::Call(call) if call.outcome.is_some())
    }
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
