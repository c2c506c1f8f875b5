//! `#[node(…)]`

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::{Attribute, Expr, Ident};

use super::{split, switch};
use crate::diagnostics::Errors;
use crate::options::checkpoint::Checkpoint;
use crate::options::policies::PolicyOptions;
use crate::options::{Form, Given, OptionList, Spanned, rates, value};

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
    /// What tells the items of a `for` apart.
    pub(crate) key: Option<Spanned<Expr>>,
    pub(crate) transient: Option<Ident>,
    /// What it means if an operator skips the node.
    pub(crate) allow_skip: Option<Spanned<String>>,
    pub(crate) checkpoint: Option<Spanned<Checkpoint>>,
    pub(crate) policies: PolicyOptions,
    /// Every option that was given, in order.
    pub(crate) keys: Vec<Ident>,
}

/// How many items may fail.
#[derive(Clone, Copy)]
pub(crate) enum Tolerance {
    Items(u32),
    PerMillion(u32),
}

const NODE_KEYS: [&str; 10] = [
    "after",
    "on",
    "finally",
    "optional",
    "name",
    "tolerate",
    "key",
    "transient",
    "allow_skip",
    "checkpoint_after",
];

/// Why an option that is about a step has no place at one use of it.
fn of_the_step(name: &str) -> Option<String> {
    matches!(name, "compensate" | "idempotent" | "blocking" | "version").then(|| {
        format!("`{name}` is about the step, whoever uses it: write it at the function, `#[step({name}…)]`")
    })
}

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
        let list = OptionList::parse_among(
            own,
            "option of `#[node(…)]`",
            &allowed,
            false,
            of_the_step,
            errors,
        );
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
            "transient" => self.transient = switch(given, errors),
            "allow_skip" => {
                let read = given.value("allow_skip = \"the customer gets no receipt\"", impact);
                // Whatever was meant, readers get an `Option`.
                self.allow_skip = errors.accept(read).or_else(|| {
                    Some(Spanned {
                        key: given.key.clone(),
                        value: String::new(),
                        tokens: given.key.to_token_stream(),
                    })
                });
            }
            "checkpoint_after" => self.checkpoint = Checkpoint::read(given, errors),
            "key" => self.key = errors.accept(given.value("key = item.id", key)),
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

/// `allow_skip = "the customer gets no receipt"`
fn impact(tokens: &TokenStream) -> syn::Result<String> {
    let impact = value::string(tokens)?.value();
    if impact.trim().is_empty() {
        return Err(syn::Error::new_spanned(
            tokens,
            "whoever skips the node has to know what that means: say it, as in `allow_skip = \"the customer gets no receipt\"`",
        ));
    }
    Ok(impact)
}

/// `key = item.id`
fn key(tokens: &TokenStream) -> syn::Result<Expr> {
    syn::parse2(tokens.clone()).map_err(|_| {
        syn::Error::new_spanned(
            tokens,
            "what tells items apart is an expression over the item: write `key = item.id`",
        )
    })
}

fn tolerance(tokens: &TokenStream) -> syn::Result<Tolerance> {
    let text = tokens.to_string();
    if text.trim_matches('"').ends_with('%') {
        return rates::share(tokens).map(Tolerance::PerMillion);
    }
    value::count(tokens).map(Tolerance::Items)
}
