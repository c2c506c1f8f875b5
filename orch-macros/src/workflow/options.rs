//! The options of `#[workflow(…)]` and `#[node(…)]`.

use std::time::Duration;

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::{Attribute, Ident, Meta, Path};

use crate::diagnostics::{self, Errors};
use crate::options::policies::PolicyOptions;
use crate::options::{Form, Given, OptionList, Spanned, duration, rates, value};

/// `#[workflow(…)]`
#[derive(Default)]
pub(crate) struct WorkflowOptions {
    pub(crate) version: Option<String>,
    pub(crate) owner: Option<String>,
    pub(crate) contact: Option<String>,
    pub(crate) docs: Option<String>,
    pub(crate) deadline: Option<Spanned<Duration>>,
    pub(crate) concurrency: Option<u32>,
    pub(crate) cancel_on_failure: bool,
    pub(crate) node_limit: Option<u32>,
    pub(crate) krate: Option<Path>,
}

const WORKFLOW_KEYS: [&str; 9] = [
    "version",
    "owner",
    "contact",
    "docs",
    "deadline",
    "concurrency",
    "on_failure",
    "node_limit",
    "crate",
];

impl WorkflowOptions {
    /// Takes the options out of the attributes and gives back the others.
    pub(crate) fn take(attrs: Vec<Attribute>, errors: &mut Errors) -> (Self, Vec<Attribute>) {
        let mut options = Self::default();
        let (own, others) = split(attrs, "workflow", errors);
        let given = OptionList::parse(
            own,
            "option of `#[workflow(…)]`",
            &WORKFLOW_KEYS,
            false,
            errors,
        );
        for given in &given.given {
            options.set(given, errors);
        }
        let others = others
            .into_iter()
            .filter(|attr| {
                let stray = attr.path().is_ident("node") || attr.path().is_ident("step");
                if stray {
                    errors.at(
                        attr.path(),
                        "this attribute has no meaning on a workflow: its options are written `#[workflow(…)]`",
                    );
                }
                !stray
            })
            .collect();
        (options, others)
    }

    fn set(&mut self, given: &Given, errors: &mut Errors) {
        let mut text = |example: &str| {
            let read = given.value(example, value::label);
            errors.accept(read).map(|read| read.value)
        };
        match given.name().as_str() {
            "version" => self.version = text("version = \"1.2.0\""),
            "owner" => self.owner = text("owner = \"payments\""),
            "contact" => self.contact = text("contact = \"payments@example.com\""),
            "docs" => self.docs = text("docs = \"https://example.com/checkout\""),
            "deadline" => {
                let read = given.value("deadline = \"10m\"", |tokens| {
                    duration::nonzero(
                        tokens,
                        "a deadline of zero lets nothing start: leave it out for no bound",
                    )
                });
                self.deadline = errors.accept(read);
            }
            "concurrency" => {
                let read = given.value("concurrency = 16", |tokens| {
                    value::positive(
                        tokens,
                        "a concurrency of zero lets nothing run: leave it out for no bound",
                    )
                });
                self.concurrency = errors.accept(read).map(|read| read.value);
            }
            "on_failure" => {
                let read = given.value("on_failure = cancel", |tokens| {
                    value::word(tokens, "way to end", &[("cancel", true), ("finish", false)])
                });
                self.cancel_on_failure = errors.accept(read).is_some_and(|read| read.value);
            }
            "node_limit" => {
                let read = given.value("node_limit = 80", |tokens| {
                    value::positive(tokens, "a workflow has at least one node")
                });
                self.node_limit = errors.accept(read).map(|read| read.value);
            }
            _ => {
                let read = given.value("crate = renamed_orch", value::path);
                self.krate = errors.accept(read).map(|read| read.value);
            }
        }
    }
}

/// The trigger rules as a workflow writes them, and as the plan has them.
pub(crate) const RULES: [(&str, &str); 9] = [
    ("all_success", "AllSuccess"),
    ("all_done", "AllDone"),
    ("all_failed", "AllFailed"),
    ("all_skipped", "AllSkipped"),
    ("one_success", "OneSuccess"),
    ("one_failed", "OneFailed"),
    ("none_failed", "NoneFailed"),
    ("none_failed_min_one_success", "NoneFailedMinOneSuccess"),
    ("none_skipped", "NoneSkipped"),
];

/// `#[node(…)]`
#[derive(Default)]
pub(crate) struct NodeOptions {
    pub(crate) after: Vec<Ident>,
    /// The rule's name in the plan.
    pub(crate) rule: Option<Spanned<&'static str>>,
    pub(crate) finally: Option<Ident>,
    pub(crate) optional: Option<Ident>,
    pub(crate) name: Option<Spanned<String>>,
    pub(crate) tolerate: Option<Spanned<Tolerance>>,
    pub(crate) policies: PolicyOptions,
    /// Every option that was given, in order.
    pub(crate) keys: Vec<Ident>,
}

/// How many items may fail.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Tolerance {
    Items(u32),
    PerMillion(u32),
}

const NODE_KEYS: [&str; 6] = ["after", "on", "finally", "optional", "name", "tolerate"];

impl NodeOptions {
    /// The rule that makes outcomes of the nodes that are named; `all_success` does not.
    pub(crate) fn trigger(&self) -> Option<&'static str> {
        let rule = self.rule.as_ref().map(|rule| rule.value);
        rule.filter(|rule| *rule != "AllSuccess")
    }

    /// Takes the options out of the attributes; reports every other one.
    pub(crate) fn take(attrs: Vec<Attribute>, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        let (own, others) = split(attrs, "node", errors);
        for attr in others {
            if attr.path().is_ident("doc") || attr.path().is_ident("cfg") {
                if attr.path().is_ident("cfg") {
                    errors.at(
                        attr.path(),
                        "a node cannot be conditional: its graph would depend on who compiles it; put `#[cfg]` on whole workflows",
                    );
                }
                continue;
            }
            errors.at(
                attr.path(),
                "this attribute has no meaning on a node: its options are written `#[node(…)]`",
            );
        }
        let allowed: Vec<&str> = NODE_KEYS.into_iter().chain(PolicyOptions::KEYS).collect();
        let list = OptionList::parse(own, "option of `#[node(…)]`", &allowed, false, errors);
        for given in &list.given {
            options.keys.push(given.key.clone());
            if !options.policies.take(given, errors) {
                options.set(given, errors);
            }
        }
        options.policies.check(false, errors);
        options
    }

    fn set(&mut self, given: &Given, errors: &mut Errors) {
        match given.name().as_str() {
            "after" => self.after = after(given, errors),
            "on" => {
                let read = given.value("on = all_done", |tokens| {
                    value::word(tokens, "trigger rule", &RULES)
                });
                // Whatever rule was meant, what the node reads are outcomes.
                self.rule = errors.accept(read).or_else(|| {
                    Some(Spanned {
                        key: given.key.clone(),
                        value: "AllDone",
                        tokens: given.key.to_token_stream(),
                    })
                });
            }
            "finally" => self.finally = switch(given, errors),
            "optional" => self.optional = switch(given, errors),
            "name" => {
                let read = given.value("name = \"review-sql-results\"", value::name);
                self.name = errors.accept(read);
            }
            _ => {
                let read = given.value("tolerate = \"5%\"", tolerance);
                self.tolerate = errors.accept(read);
            }
        }
    }
}

fn switch(given: &Given, errors: &mut Errors) -> Option<Ident> {
    let read = errors.accept(given.switch())?;
    read.value.then(|| given.key.clone())
}

/// `after = [a, b]`
fn after(given: &Given, errors: &mut Errors) -> Vec<Ident> {
    let Form::Value(tokens) = &given.form else {
        errors.push(given.wants("after = [stock]"));
        return Vec::new();
    };
    let list = syn::parse2::<syn::ExprArray>(tokens.clone());
    let Ok(list) = list else {
        errors.at(
            tokens,
            "the nodes to wait for are written `after = [stock, quote]`",
        );
        return Vec::new();
    };
    if list.elems.is_empty() {
        errors.at(
            tokens,
            "there is nothing to wait for: name a node, or remove `after`",
        );
    }
    let named = list.elems.iter().filter_map(|element| match element {
        syn::Expr::Path(path) if path.path.get_ident().is_some() => path.path.get_ident().cloned(),
        other => {
            errors.at(
                other,
                "this is not the name of a node: write the name of its equation",
            );
            None
        }
    });
    let mut after: Vec<Ident> = Vec::new();
    for name in named.collect::<Vec<_>>() {
        if after.contains(&name) {
            errors.at(&name, format!("`{name}` is named twice: keep one of them"));
        } else {
            after.push(name);
        }
    }
    after
}

fn tolerance(tokens: &TokenStream) -> syn::Result<Tolerance> {
    let text = tokens.to_string();
    if text.trim_matches('"').ends_with('%') {
        return rates::share(tokens).map(Tolerance::PerMillion);
    }
    value::count(tokens).map(Tolerance::Items)
}

/// The tokens inside `#[word(…)]`, of all such attributes together, and the other attributes.
fn split(attrs: Vec<Attribute>, word: &str, errors: &mut Errors) -> (TokenStream, Vec<Attribute>) {
    let mut own = TokenStream::new();
    let mut others = Vec::new();
    for attr in attrs {
        if !attr.path().is_ident(word) {
            if let Some(name) = attr.path().get_ident().map(ToString::to_string)
                && let Some(meant) = diagnostics::nearest(&name, [word])
            {
                errors.at(
                    attr.path(),
                    format!("unknown attribute `{name}`, did you mean `{meant}`?"),
                );
                continue;
            }
            others.push(attr);
            continue;
        }
        match attr.meta {
            Meta::List(list) => {
                if !own.is_empty() {
                    own.extend([proc_macro2::TokenTree::Punct(proc_macro2::Punct::new(
                        ',',
                        proc_macro2::Spacing::Alone,
                    ))]);
                }
                own.extend(list.tokens);
            }
            other => errors.at(
                other.to_token_stream(),
                format!("the options are written `#[{word}(option = value)]`"),
            ),
        }
    }
    (own, others)
}
