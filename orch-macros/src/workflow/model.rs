//! A workflow as it was understood.
//!
//! Every part keeps its tokens; what could not be understood is [`Rhs::Broken`] and was reported.

use std::time::Duration;

use proc_macro2::Span;
use syn::punctuated::Punctuated;
use syn::token::Paren;
use syn::{Attribute, Expr, Ident, Pat, Path, Token, Type, Visibility};

use super::options::{NodeOptions, WorkflowOptions};
use crate::options::Spanned;
use crate::text;

/// A `workflow!` invocation.
pub(crate) struct Workflow {
    /// Everything but `#[workflow(…)]`.
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) options: WorkflowOptions,
    pub(crate) vis: Visibility,
    pub(crate) name: Ident,
    pub(crate) inputs: Vec<Input>,
    pub(crate) output: Output,
    /// Whether the header could be read to its end.
    pub(crate) is_whole: bool,
    pub(crate) body: Scope,
}

impl Workflow {
    /// What every workflow has under these names, so that nothing else of it can.
    pub(crate) const OWN_NAMES: [&str; 3] = ["run", "GRAPH", "__input"];
}

/// An input.
pub(crate) struct Input {
    pub(crate) name: Ident,
    pub(crate) ty: Type,
}

/// What a workflow gives.
pub(crate) enum Output {
    /// Nothing is declared.
    Unit,
    /// `-> T`
    Plain(Box<Type>),
    /// `-> Result<T, E>`
    Fallible(Box<Type>, Box<Type>),
    /// `-> io::Result<T>`: an alias whose parts only the compiler knows.
    Alias(Box<Type>),
}

/// Equations that are scheduled together.
#[derive(Default)]
pub(crate) struct Scope {
    pub(crate) equations: Vec<Equation>,
    /// The result; `None` is unit.
    pub(crate) tail: Option<Expr>,
    /// Whether the tail could not be understood.
    pub(crate) tail_broken: bool,
}

/// `name = …;`, or a call without a name.
pub(crate) struct Equation {
    /// The name, if it was given; one that nothing else has otherwise.
    pub(crate) ident: Ident,
    pub(crate) origin: Origin,
    pub(crate) options: NodeOptions,
    pub(crate) rhs: Rhs,
}

/// Where an equation comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// `name = …;`
    Named,
    /// A call or a control form that nobody reads.
    Unread,
    /// The step call in the head of the control form after it.
    Head,
    /// A call or a control form that is the result of its scope.
    Result,
}

impl Equation {
    /// What a person calls it: its name, or the step it calls.
    pub(crate) fn title(&self) -> String {
        match self.origin {
            Origin::Named => text::name_of(&self.ident),
            _ => text::name_of(&self.rhs.word()),
        }
    }

    /// The name it has in the plan, as far as it goes: others may have the same.
    pub(crate) fn plan_name(&self) -> String {
        match &self.options.name {
            Some(name) => name.value.clone(),
            None => text::kebab(&self.title()),
        }
    }
}

/// The right side of an equation.
pub(crate) enum Rhs {
    Call(Call),
    For(Box<For>),
    Branch(Branch),
    Signal(Box<Signal>),
    Sleep(Box<Sleep>),
    View(Box<Expr>),
    Broken,
}

impl Rhs {
    /// Whether it is a node of the plan.
    pub(crate) fn is_node(&self) -> bool {
        !matches!(self, Self::View(_) | Self::Broken)
    }

    /// What stands for it where it has no name: its step, at the step's place, or its kind.
    pub(crate) fn word(&self) -> Ident {
        match self {
            Self::Call(call) => match call.tiers[0].callee.name() {
                Some(name) => name.clone(),
                None => Ident::new("call", Span::call_site()),
            },
            Self::For(for_loop) => Ident::new("each", for_loop.word),
            Self::Branch(Branch {
                kind: BranchKind::If(word) | BranchKind::Match(word, _),
                ..
            }) => Ident::new("choice", *word),
            Self::Signal(signal) => signal.word.clone(),
            Self::Sleep(sleep) => sleep.word.clone(),
            Self::View(_) | Self::Broken => Ident::new("value", Span::call_site()),
        }
    }
}

/// A call: of a step, or of a workflow; with fallbacks, repeated, or for its outcome.
pub(crate) struct Call {
    pub(crate) tiers: Vec<Tier>,
    pub(crate) repeat: Option<Repeat>,
    /// The `outcome` of `.outcome()`.
    pub(crate) outcome: Option<Ident>,
}

/// One callee of a call.
pub(crate) struct Tier {
    pub(crate) callee: Callee,
    /// Where the callee stands.
    pub(crate) place: Span,
    pub(crate) paren: Paren,
    pub(crate) args: Punctuated<Expr, Token![,]>,
    /// The `or_else` that leads to it.
    pub(crate) or_else: Option<Ident>,
    /// The `when = path` under which the next tier is called instead.
    pub(crate) when: Option<Path>,
}

/// What is called.
pub(crate) enum Callee {
    /// A step.
    Step(Path),
    /// A workflow: the path before `::run`.
    Workflow(Path),
}

impl Callee {
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Step(path) | Self::Workflow(path) => path,
        }
    }

    /// The last name of the path.
    pub(crate) fn name(&self) -> Option<&Ident> {
        self.path().segments.last().map(|segment| &segment.ident)
    }
}

/// `.repeat(max = 20, every = "30s")`
pub(crate) struct Repeat {
    pub(crate) word: Ident,
    pub(crate) max: u32,
    pub(crate) every: Option<Duration>,
}

/// `signal::<Approval>(timeout = "3d")`
pub(crate) struct Signal {
    pub(crate) word: Ident,
    /// The type of what it carries.
    pub(crate) carries: Type,
    pub(crate) timeout: Option<Spanned<Duration>>,
}

/// `sleep("10d")`
pub(crate) struct Sleep {
    pub(crate) word: Ident,
    pub(crate) length: Length,
}

/// How long a sleep is.
pub(crate) enum Length {
    Written(Spanned<Duration>),
    /// An expression of a `std::time::Duration`.
    Computed(Expr),
}

/// `for pat in head { body }`
pub(crate) struct For {
    pub(crate) word: Span,
    pub(crate) pat: Pat,
    pub(crate) head: Expr,
    pub(crate) body: Scope,
}

/// `if` with its `else`s, or `match`.
pub(crate) struct Branch {
    pub(crate) kind: BranchKind,
    pub(crate) arms: Vec<Arm>,
    /// Whether no arm may be taken.
    pub(crate) partial: bool,
}

/// What decides between arms.
pub(crate) enum BranchKind {
    /// Each arm's own condition.
    If(Span),
    /// The value that the arms' patterns match.
    Match(Span, Box<Expr>),
}

/// An arm.
pub(crate) struct Arm {
    pub(crate) test: Test,
    pub(crate) body: Scope,
}

/// When an arm is taken.
pub(crate) enum Test {
    /// The condition of an `if`.
    Cond(Box<Expr>),
    /// The last `else`.
    Else,
    /// A pattern, with its guard inside it.
    Pat(Box<Pat>),
}
