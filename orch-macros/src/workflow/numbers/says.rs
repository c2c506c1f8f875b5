//! What an expression says of its type, as far as numbers without a suffix leave it open.

use quote::ToTokens as _;
use syn::{Expr, Ident, Lit, Pat};

use super::names;
use crate::text;

/// What an expression says of its type.
#[derive(Clone)]
pub(super) enum Says {
    /// All that there is to know, as far as numbers go.
    Type,
    /// Nothing: `None`, an empty list, a `panic!()`.
    Nothing,
    /// That it is a number.
    Number(Number),
    /// What it puts around others, with what those say.
    Around(&'static str, Vec<Says>),
}

/// A number without a suffix.
#[derive(Clone)]
pub(super) struct Number {
    lit: Lit,
    /// Whether it, or one that may stand in its place, has a minus before it.
    negative: bool,
}

impl Number {
    /// The error at a number that alone says which type a value has.
    pub(super) fn error(&self) -> syn::Error {
        let mut text = self.lit.to_token_stream().to_string();
        let ty = match &self.lit {
            Lit::Float(_) => "f64",
            _ if self.negative => "i64",
            _ => "u64",
        };
        if text.ends_with('.') {
            text.push('0');
        }
        syn::Error::new(
            self.lit.span(),
            format!(
                "this number has no type of its own here, and whoever reads the value cannot say it: write `{text}_{ty}`, or the type that is meant"
            ),
        )
    }
}

impl Says {
    pub(super) fn of_literal(lit: &Lit) -> Self {
        let suffix = match lit {
            Lit::Int(number) => number.suffix(),
            Lit::Float(number) => number.suffix(),
            _ => return Self::Type,
        };
        if suffix.is_empty() {
            Self::Number(Number {
                lit: lit.clone(),
                negative: false,
            })
        } else {
            Self::Type
        }
    }

    /// What a value says that may come from either of two: a branch's of its arms, a list's of its elements.
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, says) | (says, Self::Nothing) => says,
            (Self::Number(number), Self::Number(other)) => Self::Number(Number {
                negative: number.negative || other.negative,
                ..number
            }),
            (Self::Around(what, parts), Self::Around(other, others))
                if what == other && parts.len() == others.len() =>
            {
                let parts = parts.into_iter().zip(others);
                Self::Around(what, parts.map(|(a, b)| a.or(b)).collect())
            }
            _ => Self::Type,
        }
    }

    /// What a value says that comes from any of these.
    pub(super) fn any(all: impl IntoIterator<Item = Self>) -> Self {
        all.into_iter().fold(Self::Nothing, Self::or)
    }

    /// Around one thing, if there is one.
    pub(super) fn around(what: &'static str, part: Self) -> Self {
        match part {
            Self::Nothing => Self::Nothing,
            part => Self::Around(what, vec![part]),
        }
    }

    /// With a minus before it.
    pub(super) fn negated(mut self) -> Self {
        if let Self::Number(number) = &mut self {
            number.negative ^= true;
        }
        self
    }

    /// What is behind a reference; a field or a method looks through it.
    pub(super) fn behind(self) -> Self {
        match self {
            Self::Around("&", mut parts) => parts.pop().map_or(Self::Type, Self::behind),
            says => says,
        }
    }

    /// What an item says of what a `for` runs over.
    pub(super) fn item(self) -> Self {
        match self {
            Self::Around("&", mut parts) => {
                Self::around("&", parts.pop().map_or(Self::Type, Self::item))
            }
            Self::Around("[]" | "Vec" | "..", mut parts) => parts.pop().unwrap_or(Self::Type),
            _ => Self::Type,
        }
    }

    /// What a part says: of a tuple the one at this index.
    pub(super) fn part(self, idx: usize) -> Self {
        match self.behind() {
            Self::Around("()", parts) => parts.into_iter().nth(idx).unwrap_or(Self::Type),
            _ => Self::Type,
        }
    }

    /// What a name says that a pattern binds in a value.
    pub(super) fn bound(self, pat: &Pat, name: &Ident) -> Self {
        match (pat, self) {
            (Pat::Ident(pat), says) if pat.ident == *name && pat.subpat.is_none() => says,
            (Pat::Paren(pat), says) => says.bound(&pat.pat, name),
            (Pat::Guard(pat), says) => says.bound(&pat.pat, name),
            (Pat::Reference(pat), Self::Around("&", mut parts)) => parts
                .pop()
                .map_or(Self::Type, |says| says.bound(&pat.pat, name)),
            (Pat::Tuple(tuple), says) => {
                let binds = |pat: &Pat| names::bound(pat).contains(name);
                let rest = tuple.elems.iter().any(|pat| matches!(pat, Pat::Rest(_)));
                match tuple.elems.iter().position(binds) {
                    Some(idx) if !rest => says.part(idx).bound(&tuple.elems[idx], name),
                    _ => Self::Type,
                }
            }
            _ => Self::Type,
        }
    }

    /// The numbers that alone would say a type, each place's first.
    pub(super) fn numbers(&self) -> Vec<&Number> {
        match self {
            Self::Type | Self::Nothing => Vec::new(),
            Self::Number(number) => vec![number],
            Self::Around(_, parts) => parts.iter().flat_map(Self::numbers).collect(),
        }
    }

    /// What a method's value says; `args` is what its arguments say.
    ///
    /// Of most methods the value has a type that is known however open its receiver's is: a length, a text.
    pub(super) fn method(self, name: &str, args: Self) -> Self {
        match (name, self) {
            ("clone" | "to_owned", says) => says.behind(),
            ("to_vec" | "into_vec", says) => Self::around("Vec", says.behind().item()),
            ("max" | "min" | "clamp" | "unwrap_or", says) => match (says.first(), args) {
                (says, Self::Number(_) | Self::Nothing) => says,
                _ => Self::Type,
            },
            (
                "abs" | "copied" | "cloned" | "expect" | "first" | "into_boxed_slice" | "into_iter"
                | "iter" | "last" | "pow" | "rev" | "unwrap" | "unwrap_or_default",
                says,
            ) => says.first(),
            _ => Self::Type,
        }
    }

    /// The first number alone, of what is followed no further.
    fn first(&self) -> Self {
        let first = self.numbers().first().copied().cloned();
        first.map_or(Self::Type, Self::Number)
    }
}

/// What a call says that only puts its arguments into a type of the standard library.
pub(super) fn constructor(func: &Expr, args: Vec<Says>) -> Says {
    let Expr::Path(path) = func else {
        return Says::Type;
    };
    let segments = &path.path.segments;
    let written = segments.iter().any(|segment| !segment.arguments.is_none());
    let mut names = segments
        .iter()
        .rev()
        .map(|segment| text::name_of(&segment.ident));
    let (name, owner) = (
        names.next().unwrap_or_default(),
        names.next().unwrap_or_default(),
    );
    let says = Says::any(args);
    match name.as_str() {
        _ if written || path.qself.is_some() => Says::Type,
        "Some" => Says::around("Option", says),
        "Ok" => Says::Around("Result", vec![says, Says::Nothing]),
        "Err" => Says::Around("Result", vec![Says::Nothing, says]),
        "default" if owner == "Default" => Says::Nothing,
        "new" | "from" => match CONTAINERS.iter().find(|known| owner == **known) {
            Some(container) => Says::around(container, says),
            None => Says::Type,
        },
        _ => Says::Type,
    }
}

/// Types of the standard library that hold values of any one type.
const CONTAINERS: [&str; 11] = [
    "Arc",
    "BTreeMap",
    "BTreeSet",
    "BinaryHeap",
    "Box",
    "HashMap",
    "HashSet",
    "Mutex",
    "Rc",
    "Vec",
    "VecDeque",
];
