//! Numbers without a type of their own, where whoever reads the value cannot say it either.
//!
//! A body or an arm that ends in an expression gives a value whose type no macro can name: it is kept as any value, and
//! its readers find out the type by the same expression. Of `1` alone each of them would infer what suits itself.

mod says;

use syn::{BinOp, Block, Expr, Ident, Member, Stmt, UnOp};

use self::says::{Says, constructor};
use super::analysis::{Analysis, Kind, Reader, ScopeId, Symbol};
use super::model::{BranchKind, Rhs, Test};
use super::names;
use crate::diagnostics::Errors;
use crate::ordered::Map;
use crate::text;

/// Reports every number that alone would say which type a body or an arm gives.
pub(super) fn report(analysis: &mut Analysis<'_>, errors: &mut Errors) {
    let mut spoiled = Vec::new();
    let mut known = Map::new();
    for scope in 0..analysis.scopes.len() {
        for equation in 0..analysis.scopes[scope].scope.equations.len() {
            if !is_read_by_its_expression(analysis, scope, equation) {
                continue;
            }
            let inner = &analysis.scopes[scope].inner[equation];
            let says = Says::any(inner.iter().map(|&inner| {
                let tail = analysis.scopes[inner].scope.tail.as_ref();
                tail.map_or(Says::Type, |tail| {
                    Listener::new(analysis, inner, &mut known).expr(tail)
                })
            }));
            let numbers = says.numbers();
            if !numbers.is_empty() {
                spoiled.extend(inner.iter().copied());
            }
            for number in numbers {
                errors.push(number.error());
            }
        }
    }
    for scope in spoiled {
        analysis.spoil(scope, Reader::Tail);
    }
}

/// Whether an equation's value is kept without its type and somebody reads it.
fn is_read_by_its_expression(analysis: &Analysis<'_>, scope: ScopeId, equation: usize) -> bool {
    let rhs = &analysis.equation(scope, equation).rhs;
    let mut uses = analysis.uses_of(Symbol::Equation(scope, equation));
    matches!(rhs, Rhs::For(_) | Rhs::Branch(_))
        && !analysis.has_nameable_type(scope, equation)
        && uses.next().is_some()
}

/// Hears what the expressions of a scope say of their types.
struct Listener<'l, 'a, 'w> {
    analysis: &'a Analysis<'w>,
    scope: ScopeId,
    /// What the names say that were looked at; a view that reads itself says nothing.
    known: &'l mut Map<Symbol, Says>,
    /// What the names say that the expression itself binds, the innermost last.
    locals: Vec<(String, Says)>,
}

impl<'l, 'a, 'w> Listener<'l, 'a, 'w> {
    fn new(analysis: &'a Analysis<'w>, scope: ScopeId, known: &'l mut Map<Symbol, Says>) -> Self {
        Self {
            analysis,
            scope,
            known,
            locals: Vec::new(),
        }
    }

    fn expr(&mut self, expr: &Expr) -> Says {
        match expr {
            Expr::Lit(lit) => Says::of_literal(&lit.lit),
            Expr::Paren(paren) => self.expr(&paren.expr),
            Expr::Group(group) => self.expr(&group.expr),
            Expr::Path(path) => match path.path.get_ident() {
                Some(name) if path.qself.is_none() => self.name(name),
                _ => Says::Type,
            },
            Expr::Unary(unary) => {
                let says = self.expr(&unary.expr);
                match unary.op {
                    UnOp::Neg(_) => says.negated(),
                    UnOp::Deref(_) if matches!(says, Says::Around("&", _)) => says.behind(),
                    UnOp::Not(_) => says,
                    _ => Says::Type,
                }
            }
            Expr::Binary(binary) => {
                let (left, right) = (self.expr(&binary.left), self.expr(&binary.right));
                arithmetic(&binary.op, left, right)
            }
            Expr::Reference(reference) => Says::around("&", self.expr(&reference.expr)),
            Expr::Array(array) => Says::around("[]", self.any(&array.elems)),
            Expr::Repeat(repeat) => Says::around("[]", self.expr(&repeat.expr)),
            Expr::Tuple(tuple) => {
                let parts = tuple.elems.iter().map(|part| self.expr(part));
                Says::Around("()", parts.collect())
            }
            Expr::Range(range) => Says::around(
                "..",
                self.any(range.start.iter().chain(&range.end).map(|end| &**end)),
            ),
            Expr::Index(index) => match self.expr(&index.expr).behind().item() {
                Says::Number(number) if !matches!(&*index.index, Expr::Range(_)) => {
                    Says::Number(number)
                }
                _ => Says::Type,
            },
            Expr::Field(field) => match &field.member {
                Member::Unnamed(idx) => self.expr(&field.base).part(idx.index as usize),
                Member::Named(_) => Says::Type,
            },
            Expr::Call(call) => {
                let args = call.args.iter().map(|arg| self.expr(arg)).collect();
                constructor(&call.func, args)
            }
            Expr::MethodCall(call) => {
                let args = self.any(&call.args);
                let says = self.expr(&call.receiver);
                says.method(&call.method.to_string(), args)
            }
            Expr::Macro(call) => self.macro_call(&call.mac),
            Expr::Return(_) | Expr::Break(_) | Expr::Continue(_) => Says::Nothing,
            _ => self.block_like(expr),
        }
    }

    fn any<'e>(&mut self, all: impl IntoIterator<Item = &'e Expr>) -> Says {
        let mut says = Says::Nothing;
        for expr in all {
            says = says.or(self.expr(expr));
        }
        says
    }

    fn block_like(&mut self, expr: &Expr) -> Says {
        match expr {
            Expr::Block(block) => self.block(&block.block),
            Expr::Unsafe(block) => self.block(&block.block),
            Expr::If(conditional) => {
                let Some((_, otherwise)) = &conditional.else_branch else {
                    return Says::Type;
                };
                let names = names::bound_by(&conditional.cond);
                let then = self.under(names, |listener| listener.block(&conditional.then_branch));
                then.or(self.expr(otherwise))
            }
            Expr::Match(matched) => {
                let mut says = Says::Nothing;
                for arm in &matched.arms {
                    let names = names::bound(&arm.pat);
                    says = says.or(self.under(names, |listener| listener.expr(&arm.body)));
                }
                says
            }
            _ => Says::Type,
        }
    }

    /// Listens under names whose types their patterns say.
    fn under(&mut self, names: Vec<Ident>, listen: impl FnOnce(&mut Self) -> Says) -> Says {
        let depth = self.locals.len();
        let locals = names.iter().map(|name| (text::name_of(name), Says::Type));
        self.locals.extend(locals);
        let says = listen(self);
        self.locals.truncate(depth);
        says
    }

    fn block(&mut self, block: &Block) -> Says {
        let depth = self.locals.len();
        let mut says = Says::Around("()", Vec::new());
        for (idx, statement) in block.stmts.iter().enumerate() {
            match statement {
                Stmt::Local(local) => {
                    let init = local.init.as_ref();
                    let value = init.map_or(Says::Type, |init| self.expr(&init.expr));
                    for name in names::bound(&local.pat) {
                        // Whatever else names it may say its type.
                        let says = if occurrences(&block.stmts[idx + 1..], &name) == 1 {
                            value.clone().bound(&local.pat, &name)
                        } else {
                            Says::Type
                        };
                        self.locals.push((text::name_of(&name), says));
                    }
                }
                Stmt::Expr(expr, None) => says = self.expr(expr),
                Stmt::Macro(call) if call.semi_token.is_none() => says = self.macro_call(&call.mac),
                Stmt::Expr(Expr::Return(_), _) => says = Says::Nothing,
                _ => {}
            }
        }
        self.locals.truncate(depth);
        says
    }

    fn macro_call(&mut self, call: &syn::Macro) -> Says {
        let name = call.path.segments.last().map(|last| last.ident.to_string());
        match name.as_deref() {
            Some("vec") => match names::macro_arguments(call).map(|list| self.expr(&list)) {
                Some(Says::Around("[]", parts)) => Says::Around("Vec", parts),
                Some(Says::Nothing) => Says::Nothing,
                _ => Says::Type,
            },
            Some("panic" | "unreachable" | "todo" | "unimplemented") => Says::Nothing,
            _ => Says::Type,
        }
    }

    fn name(&mut self, name: &Ident) -> Says {
        let text = text::name_of(name);
        if let Some((_, says)) = self.locals.iter().rev().find(|(local, _)| *local == text) {
            return says.clone();
        }
        let Some(symbol) = self.analysis.resolve(self.scope, name) else {
            return if text == "None" {
                Says::Nothing
            } else {
                Says::Type
            };
        };
        if let Some(says) = self.known.get(&symbol) {
            return says.clone();
        }
        self.known.insert(symbol, Says::Nothing);
        let says = match symbol {
            Symbol::Equation(scope, equation) => match &self.analysis.equation(scope, equation).rhs
            {
                Rhs::View(view) => Listener::new(self.analysis, scope, self.known).expr(view),
                _ => Says::Type,
            },
            Symbol::Local(scope, _) => self.local(scope, name),
            Symbol::Input(_) => Says::Type,
        };
        self.known.insert(symbol, says.clone());
        says
    }

    /// What a name says that the pattern of a `for` or of an arm binds.
    fn local(&mut self, scope: ScopeId, name: &Ident) -> Says {
        let Some((around, form)) = self.analysis.scopes[scope].parent else {
            return Says::Type;
        };
        let mut listener = Listener::new(self.analysis, around, self.known);
        let rhs = &self.analysis.equation(around, form).rhs;
        match (rhs, self.analysis.scopes[scope].kind) {
            (Rhs::For(for_loop), _) => {
                let item = listener.expr(&for_loop.head).item();
                item.bound(&for_loop.pat, name)
            }
            (Rhs::Branch(branch), Kind::Arm(arm)) => match (&branch.kind, &branch.arms[arm].test) {
                (BranchKind::Match(_, head), Test::Pat(pat)) => {
                    listener.expr(head).bound(pat, name)
                }
                (_, Test::Cond(cond)) => match &**cond {
                    Expr::Let(binding) => listener.expr(&binding.expr).bound(&binding.pat, name),
                    _ => Says::Type,
                },
                _ => Says::Type,
            },
            _ => Says::Type,
        }
    }
}

/// What a calculation says: its operands have one type, but for shifts.
fn arithmetic(op: &BinOp, left: Says, right: Says) -> Says {
    match (op, left, right) {
        (BinOp::Shl(_) | BinOp::Shr(_), left @ Says::Number(_), _) => left,
        (
            BinOp::Add(_)
            | BinOp::Sub(_)
            | BinOp::Mul(_)
            | BinOp::Div(_)
            | BinOp::Rem(_)
            | BinOp::BitAnd(_)
            | BinOp::BitOr(_)
            | BinOp::BitXor(_),
            left @ Says::Number(_),
            Says::Number(_) | Says::Nothing,
        ) => left,
        _ => Says::Type,
    }
}

/// How often statements name something.
fn occurrences(statements: &[Stmt], name: &Ident) -> usize {
    fn count(tokens: proc_macro2::TokenStream, name: &str) -> usize {
        let count_one = |token| match token {
            proc_macro2::TokenTree::Group(group) => count(group.stream(), name),
            proc_macro2::TokenTree::Ident(ident) => usize::from(text::name_of(&ident) == name),
            proc_macro2::TokenTree::Literal(literal) => {
                // A format string may name it.
                usize::from(literal.to_string().contains(&format!("{{{name}"))) * 2
            }
            proc_macro2::TokenTree::Punct(_) => 0,
        };
        tokens.into_iter().map(count_one).sum()
    }
    count(quote::quote!(#(#statements)*), &text::name_of(name))
}
