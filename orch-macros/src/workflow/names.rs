//! The names in an expression: which ones a node reads, with what shadows them.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, ExprClosure, Ident, Item, Macro, Member, Pat, Stmt};

use super::parse;

/// Something that was found in an expression.
pub(crate) enum Found<'a> {
    /// A name in an expression, which may be replaced.
    Name(&'a Ident),
    /// A name inside a macro's arguments, which stay as they are.
    InMacro(&'a Ident),
    /// A step call or a workflow's run where a value is wanted.
    Call(&'a Expr),
    /// A word that has no place in a workflow, and why.
    Word(Span, &'static str),
}

pub(super) const AWAIT: &str =
    "a workflow waits by itself: leave `.await` out, naming a value is enough";
pub(super) const TRY: &str = "results are unwrapped by themselves: leave the `?` out";
const RETURN: &str = "a workflow has no `return`: its result is the last expression, without a `;`";

/// Walks an expression and tells `on` of every name that nothing in the expression shadows.
pub(crate) fn walk(expr: &mut Expr, on: &mut dyn FnMut(Found<'_>) -> Option<Expr>) {
    Walker {
        shadows: Vec::new(),
        inside: 0,
        on,
    }
    .visit_expr_mut(expr);
}

/// Walks an expression under names that shadow others: those of a pattern.
pub(crate) fn walk_under(
    expr: &mut Expr,
    shadows: Vec<String>,
    on: &mut dyn FnMut(Found<'_>) -> Option<Expr>,
) {
    Walker {
        shadows,
        inside: 0,
        on,
    }
    .visit_expr_mut(expr);
}

/// Walks the expressions inside a pattern: its guard, which sees the names that the pattern binds.
pub(crate) fn walk_pat(pat: &mut Pat, on: &mut dyn FnMut(Found<'_>) -> Option<Expr>) {
    let shadows = bound(pat).iter().map(text).collect();
    if let Pat::Guard(guard) = pat {
        walk_under(&mut guard.guard, shadows, on);
    }
}

fn text(ident: &Ident) -> String {
    crate::text::name_of(ident)
}

/// The names that a pattern binds, in order, each once.
pub(crate) fn bound(pat: &Pat) -> Vec<Ident> {
    #[derive(Default)]
    struct Bound(Vec<Ident>);
    impl VisitMut for Bound {
        fn visit_pat_ident_mut(&mut self, pat: &mut syn::PatIdent) {
            let constant = text(&pat.ident).starts_with(char::is_uppercase);
            if !constant && !self.0.contains(&pat.ident) {
                self.0.push(pat.ident.clone());
            }
            visit_mut::visit_pat_ident_mut(self, pat);
        }

        fn visit_expr_mut(&mut self, _: &mut Expr) {}
        fn visit_type_mut(&mut self, _: &mut syn::Type) {}
        fn visit_block_mut(&mut self, _: &mut Block) {}
    }
    let mut bound = Bound::default();
    bound.visit_pat_mut(&mut pat.clone());
    bound.0
}

/// The names that the `let`s of a condition bind.
pub(crate) fn bound_by(cond: &Expr) -> Vec<Ident> {
    match cond {
        Expr::Let(binding) => bound(&binding.pat),
        Expr::Binary(binary) => {
            let mut names = bound_by(&binary.left);
            names.extend(bound_by(&binary.right));
            names
        }
        Expr::Paren(paren) => bound_by(&paren.expr),
        _ => Vec::new(),
    }
}

/// Macros of the standard library whose arguments are expressions.
const MACROS: [&str; 21] = [
    "assert",
    "assert_eq",
    "assert_ne",
    "dbg",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "eprint",
    "eprintln",
    "format",
    "format_args",
    "matches",
    "panic",
    "print",
    "println",
    "todo",
    "unimplemented",
    "unreachable",
    "vec",
    "write",
    "writeln",
];

/// The arguments of a well-known macro as a list in brackets, `vec![value; count]` too; `None` where they are no
/// expressions.
pub(crate) fn macro_arguments(call: &Macro) -> Option<Expr> {
    let name = &call.path.segments.last()?.ident;
    let known = MACROS.iter().any(|known| name == known);
    let tokens = &call.tokens;
    known
        .then(|| syn::parse2(quote::quote!([#tokens])).ok())
        .flatten()
}

struct Walker<'a> {
    shadows: Vec<String>,
    /// How many closures and `async` blocks are around, in which `?`, `.await` and `return` are the user's own.
    inside: usize,
    on: &'a mut dyn FnMut(Found<'_>) -> Option<Expr>,
}

impl Walker<'_> {
    fn is_shadowed(&self, ident: &Ident) -> bool {
        self.shadows.contains(&text(ident))
    }

    fn under(&mut self, names: Vec<Ident>, visit: impl FnOnce(&mut Self)) {
        let depth = self.shadows.len();
        self.shadows.extend(names.iter().map(text));
        visit(self);
        self.shadows.truncate(depth);
    }

    fn word(&mut self, span: Span, why: &'static str) {
        (self.on)(Found::Word(span, why));
    }

    /// Leaves of an expression what was meant without the word that was reported.
    fn only(&mut self, expr: &mut Expr, inner: impl FnOnce(Expr) -> Option<Expr>) {
        let whole = std::mem::replace(expr, Expr::Verbatim(TokenStream::new()));
        *expr = inner(whole).unwrap_or_else(|| syn::parse_quote!(()));
        self.visit_expr_mut(expr);
    }

    fn tokens(&mut self, tokens: &TokenStream) {
        let mut before = String::new();
        let mut tokens = tokens.clone().into_iter().peekable();
        while let Some(token) = tokens.next() {
            match &token {
                TokenTree::Group(group) => {
                    self.tokens(&group.stream());
                    before = match group.delimiter() {
                        Delimiter::None => before,
                        _ => ")".to_owned(),
                    };
                    continue;
                }
                TokenTree::Ident(ident) => {
                    let after = tokens.peek().map(ToString::to_string).unwrap_or_default();
                    let bound = matches!(after.as_str(), "=" | "!" | ":");
                    let member = before == "." || before == "::" || before == ":";
                    if !bound && !member && !self.is_shadowed(ident) {
                        (self.on)(Found::InMacro(ident));
                    }
                }
                TokenTree::Literal(literal) => self.format_string(literal),
                TokenTree::Punct(_) => {}
            }
            before = token.to_string();
        }
    }

    /// Tells of the calls in a macro's arguments, whose names were told already.
    fn calls(&mut self, arguments: &mut Expr) {
        let on = &mut *self.on;
        Walker {
            shadows: self.shadows.clone(),
            inside: self.inside,
            on: &mut |found| match found {
                Found::Call(_) => on(found),
                _ => None,
            },
        }
        .visit_expr_mut(arguments);
    }

    /// The `{name}`s of a format string, and the `{:width$}`s.
    fn format_string(&mut self, literal: &proc_macro2::Literal) {
        let Ok(syn::Lit::Str(string)) = syn::parse2(TokenTree::Literal(literal.clone()).into())
        else {
            return;
        };
        let value = string.value().replace("{{", "").replace("}}", "");
        for piece in value.split('{').skip(1) {
            let inside = piece.split('}').next().unwrap_or_default();
            let (name, format) = inside.split_once(':').unwrap_or((inside, ""));
            self.format_argument(name, string.span());
            let mut lengths = format.split('$');
            lengths.next_back();
            for length in lengths {
                let start = length.rfind(|letter: char| !letter.is_alphanumeric() && letter != '_');
                let start = start.map_or(0, |at| {
                    at + length[at..].chars().next().map_or(1, char::len_utf8)
                });
                self.format_argument(&length[start..], string.span());
            }
        }
    }

    /// A name in a format string, where keywords need no `r#`; a number is none.
    fn format_argument(&mut self, name: &str, span: Span) {
        let name = name.trim();
        let ident = syn::parse_str::<Ident>(name).or_else(|_| syn::parse_str(&format!("r#{name}")));
        let Ok(mut ident) = ident else { return };
        ident.set_span(span);
        if !self.is_shadowed(&ident) {
            (self.on)(Found::InMacro(&ident));
        }
    }
}

impl VisitMut for Walker<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Path(path) if path.qself.is_none() => {
                if let Some(ident) = path.path.get_ident()
                    && !self.is_shadowed(ident)
                    && let Some(replacement) = (self.on)(Found::Name(ident))
                {
                    *expr = replacement;
                }
                return;
            }
            Expr::Call(call) => {
                let shadowed = matches!(&*call.func, Expr::Path(path)
                    if path.path.get_ident().is_some_and(|ident| self.is_shadowed(ident)));
                if !shadowed && parse::callee(&call.func).is_some() {
                    (self.on)(Found::Call(&call.func));
                    for arg in &mut call.args {
                        self.visit_expr_mut(arg);
                    }
                    return;
                }
            }
            Expr::Await(wait) if self.inside == 0 => {
                self.word(wait.await_token.span, AWAIT);
                self.only(expr, |expr| match expr {
                    Expr::Await(wait) => Some(*wait.base),
                    _ => None,
                });
                return;
            }
            Expr::Try(attempt) if self.inside == 0 => {
                self.word(attempt.question_token.span, TRY);
                self.only(expr, |expr| match expr {
                    Expr::Try(attempt) => Some(*attempt.expr),
                    _ => None,
                });
                return;
            }
            Expr::Return(ret) if self.inside == 0 => {
                self.word(ret.return_token.span, RETURN);
                self.only(expr, |expr| match expr {
                    Expr::Return(ret) => ret.expr.map(|value| *value),
                    _ => None,
                });
                return;
            }
            Expr::Async(_) => {
                self.inside += 1;
                visit_mut::visit_expr_mut(self, expr);
                self.inside -= 1;
                return;
            }
            Expr::If(conditional) => {
                self.visit_expr_mut(&mut conditional.cond);
                let names = bound_by(&conditional.cond);
                self.under(names, |walker| {
                    walker.visit_block_mut(&mut conditional.then_branch);
                });
                if let Some((_, otherwise)) = &mut conditional.else_branch {
                    self.visit_expr_mut(otherwise);
                }
                return;
            }
            Expr::While(repeated) => {
                self.visit_expr_mut(&mut repeated.cond);
                let names = bound_by(&repeated.cond);
                self.under(names, |walker| walker.visit_block_mut(&mut repeated.body));
                return;
            }
            Expr::ForLoop(repeated) => {
                self.visit_expr_mut(&mut repeated.expr);
                let names = bound(&repeated.pat);
                self.under(names, |walker| walker.visit_block_mut(&mut repeated.body));
                return;
            }
            Expr::Binary(binary) if !bound_by(&binary.left).is_empty() => {
                self.visit_expr_mut(&mut binary.left);
                let names = bound_by(&binary.left);
                self.under(names, |walker| walker.visit_expr_mut(&mut binary.right));
                return;
            }
            _ => {}
        }
        visit_mut::visit_expr_mut(self, expr);
    }

    fn visit_expr_closure_mut(&mut self, closure: &mut ExprClosure) {
        let names = closure.inputs.iter().flat_map(bound).collect();
        self.inside += 1;
        self.under(names, |walker| walker.visit_expr_mut(&mut closure.body));
        self.inside -= 1;
    }

    fn visit_arm_mut(&mut self, arm: &mut syn::Arm) {
        let names = bound(&arm.pat);
        self.under(names, |walker| {
            if let Pat::Guard(guard) = &mut arm.pat {
                walker.visit_expr_mut(&mut guard.guard);
            }
            walker.visit_expr_mut(&mut arm.body);
        });
    }

    fn visit_block_mut(&mut self, block: &mut Block) {
        let depth = self.shadows.len();
        // Functions are known above their definition too.
        let functions = block.stmts.iter().filter_map(|statement| match statement {
            Stmt::Item(Item::Fn(function)) => Some(text(&function.sig.ident)),
            _ => None,
        });
        self.shadows.extend(functions.collect::<Vec<_>>());
        for statement in &mut block.stmts {
            if let Stmt::Local(local) = statement {
                if let Some(init) = &mut local.init {
                    self.visit_expr_mut(&mut init.expr);
                    if let Some((_, diverge)) = &mut init.diverge {
                        self.visit_expr_mut(diverge);
                    }
                }
                self.shadows.extend(bound(&local.pat).iter().map(text));
            } else {
                self.visit_stmt_mut(statement);
            }
        }
        self.shadows.truncate(depth);
    }

    fn visit_field_value_mut(&mut self, field: &mut syn::FieldValue) {
        let shorthand = field.colon_token.is_none();
        self.visit_expr_mut(&mut field.expr);
        let replaced = !matches!(field.expr, Expr::Path(_));
        if shorthand && replaced && matches!(field.member, Member::Named(_)) {
            field.colon_token = Some(syn::Token![:](Span::call_site()));
        }
    }

    fn visit_macro_mut(&mut self, call: &mut Macro) {
        let tokens = call.tokens.clone();
        self.tokens(&tokens);
        if let Some(mut arguments) = macro_arguments(call) {
            self.calls(&mut arguments);
        }
    }

    fn visit_pat_mut(&mut self, _: &mut Pat) {}

    fn visit_type_mut(&mut self, _: &mut syn::Type) {}

    fn visit_item_mut(&mut self, _: &mut syn::Item) {}
}
