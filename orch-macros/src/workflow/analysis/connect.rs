//! Uses and `after` as edges between the equations of a scope.

use super::super::model::{Origin, Rhs};
use super::{Analysis, Kind, Part, Reader, ScopeId, Symbol};
use crate::diagnostics::{self, Errors};
use crate::ordered::Set;
use crate::text;

impl Analysis<'_> {
    /// Turns uses and `after` into edges.
    pub(super) fn connect(&mut self, errors: &mut Errors) {
        for (place, usage) in self.uses.iter().enumerate() {
            self.used
                .get_or_insert(usage.symbol, Vec::new())
                .push(place);
        }
        for place in 0..self.uses.len() {
            self.connect_use(place);
        }
        self.arm_heads();
        for scope in 0..self.scopes.len() {
            self.connect_after(scope, errors);
        }
    }

    /// Adds the edge of a use: one inside a body is its control form's.
    fn connect_use(&mut self, place: usize) {
        let usage = &self.uses[place];
        let Symbol::Equation(scope, equation) = usage.symbol else {
            return;
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
        let (ident, info) = (usage.ident.clone(), &mut self.scopes[scope]);
        match reader {
            Reader::Tail => {
                info.tail_reads.get_or_insert(equation, ident);
            }
            Reader::Equation(by, part) => {
                if let Part::Arm(arm) = part {
                    let arms = &mut info.arm_reads[by];
                    if arms.len() <= arm {
                        arms.resize_with(arm + 1, Set::new);
                    }
                    arms[arm].insert(equation);
                }
                info.reads[by].get_or_insert(equation, ident);
            }
        }
    }

    /// Whatever an arm reads and its head does not is waited for only once the arm is chosen.
    fn arm_heads(&mut self) {
        for usage in &self.uses {
            if let (Symbol::Equation(scope, read), Reader::Equation(form, Part::Whole)) =
                (usage.symbol, usage.reader)
                && usage.scope == scope
            {
                for arm in &mut self.scopes[scope].arm_reads[form] {
                    arm.remove(&read);
                }
            }
        }
    }

    /// Resolves what `after` names.
    fn connect_after(&mut self, scope: ScopeId, errors: &mut Errors) {
        let equations = &self.scopes[scope].scope.equations;
        for (idx, equation) in equations.iter().enumerate() {
            for name in &equation.options.after {
                match self.resolve(scope, name) {
                    Some(Symbol::Equation(at, named)) if at == scope => {
                        if matches!(equations[named].rhs, Rhs::View(_)) {
                            errors.at(
                                name,
                                format!("`{name}` is an expression and not a node: name the nodes it reads"),
                            );
                        } else {
                            self.scopes[scope].after[idx].insert(named, name.clone());
                        }
                    }
                    Some(Symbol::Equation(..)) => errors.at(
                        name,
                        format!("`{name}` is a node around this body, which waits for it already when it is named in it: put `after` on the `for`, `if` or `match`"),
                    ),
                    Some(_) => errors.at(
                        name,
                        format!("`{name}` is there from the start: `after` names nodes"),
                    ),
                    None => {
                        let known = self.known_nodes(scope);
                        let known: Vec<&str> = known.iter().map(String::as_str).collect();
                        errors.at(name, diagnostics::unknown("node", &text::name_of(name), &known));
                    }
                }
            }
        }
    }

    /// The names of a scope's nodes.
    fn known_nodes(&self, scope: ScopeId) -> Vec<String> {
        let equations = self.scopes[scope].scope.equations.iter();
        equations
            .filter(|equation| {
                let view = matches!(equation.rhs, Rhs::View(_));
                equation.origin == Origin::Named && !view
            })
            .map(|equation| text::name_of(&equation.ident))
            .collect()
    }
}
