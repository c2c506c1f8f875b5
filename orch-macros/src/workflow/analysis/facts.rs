//! What holds of each equation: its place in the plan, its name there, who consumes its failure, whether its code
//! can be written.

use super::super::model::{Equation, Origin, Rhs};
use super::{Analysis, Reader, ScopeId, Symbol, bare};
use crate::ordered::{Map, Set};

impl Analysis<'_> {
    /// Puts the nodes in a topological order that follows the source where it can; leaves out what a cycle holds up.
    pub(super) fn arrange(&mut self, scope: ScopeId) {
        let info = &self.scopes[scope];
        let equations = &info.scope.equations;
        let nodes = (0..equations.len()).filter(|idx| equations[*idx].rhs.is_node());
        let mut waits: Map<usize, usize> = Map::new();
        let mut followers: Vec<Vec<usize>> = vec![Vec::new(); equations.len()];
        for node in nodes {
            let mut before = self.nodes_behind(scope, info.reads[node].keys().copied());
            before.extend(info.after[node].keys().copied());
            waits.insert(node, before.len());
            for wait in before {
                followers[wait].push(node);
            }
        }
        let free = waits.iter().filter(|(_, waits)| **waits == 0);
        let mut ready: Set<usize> = free.map(|(node, _)| *node).collect();
        let mut order = Vec::with_capacity(equations.len());
        while let Some(node) = ready.pop_first() {
            order.push(node);
            for &follower in &followers[node] {
                if let Some(open) = waits.get_mut(&follower) {
                    *open -= 1;
                    if *open == 0 {
                        ready.insert(follower);
                    }
                }
            }
        }
        let info = &mut self.scopes[scope];
        for (place, &node) in order.iter().enumerate() {
            info.places[node] = Some(place);
        }
        info.order = order;
    }

    /// Names the nodes in the plan; a second call of the same step without a name of its own is numbered.
    pub(super) fn name_nodes(&mut self, scope: ScopeId) {
        let equations = &self.scopes[scope].scope.equations;
        let mut names: Vec<String> = equations.iter().map(Equation::plan_name).collect();
        let is_explicit = |idx: usize| equations[idx].origin == Origin::Named;
        let mut taken: Map<String, usize> = Map::new();
        for (idx, name) in names.iter().enumerate() {
            if is_explicit(idx) && equations[idx].rhs.is_node() {
                *taken.get_or_insert(name.clone(), 0) += 1;
            }
        }
        for (idx, name) in names.iter_mut().enumerate() {
            if is_explicit(idx) || !equations[idx].rhs.is_node() {
                continue;
            }
            let count = taken.get_or_insert(name.clone(), 0);
            *count += 1;
            if *count > 1 {
                *name = format!("{name}-{count}");
            }
        }
        self.scopes[scope].plan_names = names;
    }

    /// Finds the equations whose failure something consumes.
    pub(super) fn find_handled(&mut self, scope: ScopeId) {
        let info = &self.scopes[scope];
        let equations = &info.scope.equations;
        let mut handled: Vec<bool> = equations
            .iter()
            .map(|equation| equation.gives_outcome() || equation.options.optional.is_some())
            .collect();
        for (reader, equation) in equations.iter().enumerate() {
            // A rule that a failure can satisfy decides about it; a `finally` node only looks on.
            let decides = matches!(
                equation.options.trigger(),
                Some("AllDone" | "AllFailed" | "OneSuccess" | "OneFailed" | "NoneSkipped")
            );
            if decides && equation.options.finally.is_none() {
                for &named in info.reads[reader].keys().chain(info.after[reader].keys()) {
                    handled[named] = true;
                }
            }
        }
        self.scopes[scope].handled = handled;
    }

    /// Finds what cannot be written because the type of something that it reads is unknown.
    pub(crate) fn find_unwritable(&mut self) {
        let mut open: Vec<Symbol> = Vec::new();
        for scope in 0..self.scopes.len() {
            let body = self.scopes[scope].scope;
            for (idx, equation) in body.equations.iter().enumerate() {
                if matches!(equation.rhs, Rhs::Broken) {
                    self.scopes[scope].unwritable[idx] = true;
                    open.push(Symbol::Equation(scope, idx));
                }
            }
            if body.tail_broken {
                self.mark(scope, Reader::Tail, &mut open);
            }
        }
        for (scope, reader) in self.spoiled.clone() {
            self.mark(scope, reader, &mut open);
        }
        let mut known = Set::new();
        while let Some(symbol) = open.pop() {
            if !known.insert(symbol) {
                continue;
            }
            let readers: Vec<(ScopeId, Reader)> = self
                .uses_of(symbol)
                .map(|usage| (usage.scope, usage.reader))
                .collect();
            for (scope, reader) in readers {
                self.mark(scope, reader, &mut open);
            }
        }
    }

    /// Marks who reads something unknown; `open` gets what is thereby unknown too.
    fn mark(&mut self, scope: ScopeId, reader: Reader, open: &mut Vec<Symbol>) {
        match reader {
            Reader::Equation(idx, _) => self.mark_equation(scope, idx, open),
            Reader::Tail => {
                self.scopes[scope].tail_unwritable = true;
                self.mark_form_of(scope, open);
            }
        }
    }

    fn mark_equation(&mut self, scope: ScopeId, idx: usize, open: &mut Vec<Symbol>) {
        let info = &mut self.scopes[scope];
        info.unwritable[idx] = true;
        match &info.scope.equations[idx].rhs {
            Rhs::View(_) => open.push(Symbol::Equation(scope, idx)),
            Rhs::For(_) | Rhs::Branch(_) => {
                for &inner in &self.scopes[scope].inner[idx] {
                    let locals = 0..self.scopes[inner].locals.len();
                    open.extend(locals.map(|local| Symbol::Local(inner, local)));
                }
            }
            // Its step says what it gives.
            Rhs::Call(_) | Rhs::Signal(_) | Rhs::Sleep(_) | Rhs::Broken => {}
        }
    }

    /// Marks the control form that gathers an unknown result.
    fn mark_form_of(&mut self, scope: ScopeId, open: &mut Vec<Symbol>) {
        if let Some((around, form)) = self.scopes[scope].parent {
            self.scopes[around].unwritable[form] = true;
            if !self.has_nameable_type(around, form) {
                open.push(Symbol::Equation(around, form));
            }
        }
    }

    /// Whether a macro can name the type of an equation's value: that of a step's output, or of a vector of them.
    ///
    /// It could name what a repeated step gives, by a projection of its output; of a step that gives no `ControlFlow`,
    /// the compiler would then say so wherever the name stands.
    pub(crate) fn has_nameable_type(&self, scope: ScopeId, equation: usize) -> bool {
        let inner = &self.scopes[scope].inner[equation];
        match &self.equation(scope, equation).rhs {
            Rhs::Call(call) => call.repeat.is_none(),
            Rhs::Signal(_) | Rhs::Sleep(_) => true,
            Rhs::For(_) | Rhs::Branch(_) => {
                inner.iter().any(|&inner| self.has_nameable_tail(inner))
            }
            Rhs::View(_) | Rhs::Broken => false,
        }
    }

    fn has_nameable_tail(&self, scope: ScopeId) -> bool {
        let body = self.scopes[scope].scope;
        let Some(tail) = &body.tail else {
            return !body.tail_broken;
        };
        match bare(tail).and_then(|name| self.resolve(scope, name)) {
            Some(Symbol::Equation(at, equation)) if at == scope => {
                !self.equation(at, equation).gives_outcome() && self.has_nameable_type(at, equation)
            }
            _ => false,
        }
    }
}
