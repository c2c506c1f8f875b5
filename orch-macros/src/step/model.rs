//! What was understood of a step.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::{Attribute, FnArg, Pat, PathArguments, ReturnType, Type};

use super::parse::Function;
use crate::diagnostics::{self, Errors};
use crate::options::checkpoint::Checkpoint;
use crate::options::policies::PolicyOptions;
use crate::options::{OptionList, Spanned, value};
use crate::text::{self, Digest};

/// A step.
pub(super) struct Step {
    /// The function without the attributes that are ours.
    pub(super) function: Function,
    /// Its parameters, in order.
    pub(super) params: Vec<Param>,
    /// What it returns.
    pub(super) output: Output,
    /// What `#[step(…)]` says.
    pub(super) options: StepOptions,
    /// A digest of the function, without its attributes.
    pub(super) digest: Digest,
}

/// A parameter.
pub(super) struct Param {
    pub(super) name: Ident,
    pub(super) ty: Type,
    pub(super) role: Role,
    /// The `#[ctx]` or `#[resource]` that gives it its role.
    pub(super) mark: Option<Attribute>,
}

/// Where a parameter's argument comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// From the workflow.
    Data,
    /// From the run: `#[ctx]`.
    Ctx,
    /// From the orchestrator: `#[resource]`.
    Resource,
}

/// What a step returns.
pub(super) struct Output {
    /// The return type; `None` where none is written.
    pub(super) ty: Option<Type>,
    /// Whether it is a `Result`.
    pub(super) fallible: bool,
    /// What the step gives, as written: the `T` of a `Result<T, E>`.
    pub(super) shown: String,
}

/// The options of `#[step(…)]`.
#[derive(Default)]
pub(super) struct StepOptions {
    pub(super) policies: PolicyOptions,
    pub(super) version: Option<Spanned<String>>,
    pub(super) idempotent: Option<Spanned<bool>>,
    pub(super) blocking: Option<Spanned<bool>>,
    pub(super) name: Option<Spanned<String>>,
    /// The step that undoes it.
    pub(super) compensate: Option<Spanned<syn::Path>>,
    pub(super) checkpoint: Option<Spanned<Checkpoint>>,
    /// The facade crate, where it is not `::orch`.
    pub(super) facade: Option<syn::Path>,
}

impl Step {
    /// Understands a function and its options; reports what cannot be read.
    pub(super) fn new(mut function: Function, options: TokenStream, errors: &mut Errors) -> Self {
        let options = StepOptions::parse(options, errors);
        function.attributes.retain(|attribute| {
            let again = attribute
                .path()
                .segments
                .last()
                .is_some_and(|last| last.ident == "step");
            if again {
                errors.at(attribute, "this is a step already: remove one `#[step]`");
            }
            !again
        });
        let inputs = function.signature.inputs.iter_mut().enumerate();
        let params = inputs
            .filter_map(|(idx, input)| match input {
                FnArg::Receiver(receiver) => {
                    receiver
                        .attrs
                        .retain(|attribute| role_of(attribute).is_none());
                    None
                }
                FnArg::Typed(param) => Some(Param::new(param, idx, errors)),
            })
            .collect();
        let output = Output::new(&function.signature.output);
        let (signature, body) = (&function.signature, &function.body);
        Self {
            digest: Digest::of(quote!(#signature #body)),
            function,
            params,
            output,
            options,
        }
    }

    /// The `Self` by which the function shows that it stands in an `impl`, the only sign a macro can see.
    pub(super) fn of_impl(&self) -> Option<Ident> {
        if !self.digest.has_self {
            return None;
        }
        let (signature, body) = (&self.function.signature, self.function.body.stream());
        word(signature.to_token_stream(), |word| word == "Self").or_else(|| {
            let of_impl = word(body.clone(), |word| word == "Self")?;
            let items = ["impl", "trait", "struct", "enum", "union"];
            let own = word(body, |word| items.iter().any(|item| word == item));
            own.is_none().then_some(of_impl)
        })
    }

    /// The function's name.
    pub(super) fn ident(&self) -> &Ident {
        &self.function.signature.ident
    }

    /// The step's name; `None` where the function's own name makes none.
    pub(super) fn name(&self) -> Option<String> {
        match &self.options.name {
            Some(name) => Some(name.value.clone()),
            None => {
                Some(text::kebab(&text::name_of(self.ident()))).filter(|name| value::is_name(name))
            }
        }
    }

    /// The parameters that the workflow passes.
    pub(super) fn data(&self) -> impl Iterator<Item = &Param> {
        self.params.iter().filter(|param| param.role == Role::Data)
    }

    /// Whether it runs on the blocking pool.
    pub(super) fn blocking(&self) -> bool {
        self.options
            .blocking
            .as_ref()
            .is_some_and(|blocking| blocking.value)
    }

    /// Whether it may be repeated without harm.
    pub(super) fn idempotent(&self) -> bool {
        self.options
            .idempotent
            .as_ref()
            .is_none_or(|idempotent| idempotent.value)
    }
}

/// The first such word among the tokens.
fn word(tokens: TokenStream, wanted: impl Fn(&Ident) -> bool + Copy) -> Option<Ident> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(word) => Some(word).filter(wanted),
        TokenTree::Group(group) => word(group.stream(), wanted),
        _ => None,
    })
}

impl Param {
    fn new(param: &mut syn::PatType, idx: usize, errors: &mut Errors) -> Self {
        let name = match &*param.pat {
            Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none() => {
                name.ident.clone()
            }
            pattern => {
                errors.at(
                    pattern,
                    "a step's parameter is a name: take it apart in the body",
                );
                format_ident!("__orch_{idx}", span = Span::mixed_site())
            }
        };
        let mut marks: Vec<Attribute> = Vec::new();
        param.attrs.retain(|attribute| {
            let ours = role_of(attribute).is_some();
            if ours {
                marks.push(attribute.clone());
                return false;
            }
            known_by_rustc(attribute) || !unknown_mark(attribute, errors)
        });
        if let Some(second) = marks.get(1) {
            errors.at(second, "one mark is enough: remove this one");
        }
        let mark = marks.into_iter().next();
        if let Some(mark) = mark
            .as_ref()
            .filter(|mark| mark.meta.require_path_only().is_err())
        {
            errors.at(
                mark,
                "this mark takes nothing: write `#[ctx]` or `#[resource]`",
            );
        }
        // An unmarked context is a mistake, but no argument.
        let unmarked = if is_context(&param.ty) {
            Role::Ctx
        } else {
            Role::Data
        };
        Self {
            role: mark.as_ref().and_then(role_of).unwrap_or(unmarked),
            ty: (*param.ty).clone(),
            name,
            mark,
        }
    }

    /// The type behind the reference of a resource or of the context; `None` where there is none.
    pub(super) fn lent(&self) -> Option<&Type> {
        match bare(&self.ty) {
            Type::Reference(reference) if reference.mutability.is_none() => {
                Some(bare(&reference.elem))
            }
            _ => None,
        }
    }
}

/// Whether this is `&StepCtx`.
fn is_context(ty: &Type) -> bool {
    let Type::Reference(reference) = bare(ty) else {
        return false;
    };
    matches!(bare(&reference.elem), Type::Path(path)
        if path.path.segments.last().is_some_and(|last| last.ident == "StepCtx"))
}

/// A type without the parentheses around it.
pub(super) fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Paren(inner) => bare(&inner.elem),
        Type::Group(inner) => bare(&inner.elem),
        other => other,
    }
}

fn role_of(attribute: &Attribute) -> Option<Role> {
    if attribute.path().is_ident("ctx") {
        Some(Role::Ctx)
    } else if attribute.path().is_ident("resource") {
        Some(Role::Resource)
    } else {
        None
    }
}

/// Whether rustc itself knows an attribute on a parameter.
fn known_by_rustc(attribute: &Attribute) -> bool {
    let known = [
        "allow", "warn", "deny", "forbid", "expect", "cfg", "cfg_attr", "doc",
    ];
    known.iter().any(|name| attribute.path().is_ident(name))
}

/// Reports a mark that is probably a misspelt one of ours, and says whether it did.
fn unknown_mark(attribute: &Attribute, errors: &mut Errors) -> bool {
    let Some(name) = attribute.path().get_ident() else {
        return false;
    };
    let message = diagnostics::unknown("mark", &name.to_string(), &["ctx", "resource"]);
    errors.at(name, message);
    true
}

impl Output {
    fn new(output: &ReturnType) -> Self {
        let ReturnType::Type(_, ty) = output else {
            return Self {
                ty: None,
                fallible: false,
                shown: "()".to_owned(),
            };
        };
        let last = match bare(ty) {
            Type::Path(path) if path.qself.is_none() => path.path.segments.last(),
            _ => None,
        };
        let result = last.filter(|segment| segment.ident == "Result");
        let given = result.and_then(|segment| match &segment.arguments {
            PathArguments::AngleBracketed(arguments) => arguments.args.first(),
            _ => None,
        });
        Self {
            fallible: result.is_some(),
            shown: given.map_or_else(|| text::source(ty), text::source),
            ty: Some((**ty).clone()),
        }
    }

    /// Whether the step gives nothing.
    pub(super) fn is_unit(&self) -> bool {
        self.shown == "()"
    }
}

impl StepOptions {
    /// The options beside the policies.
    const OWN: [&str; 7] = [
        "version",
        "idempotent",
        "blocking",
        "name",
        "compensate",
        "checkpoint_after",
        "crate",
    ];

    fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let allowed: Vec<&str> = PolicyOptions::KEYS.into_iter().chain(Self::OWN).collect();
        let list = OptionList::parse_among(tokens, "option", &allowed, false, of_a_use, errors);
        let mut options = Self::default();
        for given in &list.given {
            match given.name().as_str() {
                _ if options.policies.take(given, errors) => {}
                "version" => {
                    let version = given.value("version = \"2\"", value::label);
                    options.version = errors.accept(version);
                }
                "idempotent" => options.idempotent = errors.accept(given.switch()),
                "blocking" => options.blocking = errors.accept(given.switch()),
                "name" => {
                    let name = given.value("name = \"fetch-rates\"", value::name);
                    options.name = errors.accept(name);
                }
                "compensate" => {
                    let undo = given.value("compensate = release_stock", |tokens| {
                        syn::parse2(tokens.clone()).map_err(|_| {
                            syn::Error::new_spanned(
                                tokens,
                                "what undoes a step is another step: write its name, as in `compensate = release_stock`",
                            )
                        })
                    });
                    options.compensate = errors.accept(undo);
                }
                "checkpoint_after" => options.checkpoint = Checkpoint::read(given, errors),
                _ => {
                    let facade = given.value("crate = my_orch", value::path);
                    options.facade = errors.accept(facade).map(|facade| facade.value);
                }
            }
        }
        options
    }
}

/// Why an option that is about one use of a step has no place at the step itself.
fn of_a_use(name: &str) -> Option<String> {
    match name {
        "allow_skip" => Some(
            "`allow_skip` changes what readers get to an `Option`, and so belongs to the use: write `#[node(allow_skip = \"…\")]` in the workflow".to_owned(),
        ),
        "optional" | "transient" | "finally" | "after" => Some(format!(
            "`{name}` is about one use of the step: write `#[node({name}{})]` in the workflow",
            if name == "after" { " = […]" } else { "" }
        )),
        _ => None,
    }
}

/// Tokens at a user's place with the macro's own hygiene: lints leave them alone,
/// and the names in them do not mix with the user's.
pub(super) fn placed(place: impl ToTokens) -> Span {
    let first = place.to_token_stream().into_iter().next();
    let span = first.map_or_else(Span::call_site, |token| token.span());
    span.resolved_at(Span::mixed_site())
}
