//! `#[workflow(…)]`

use std::time::Duration;

use syn::{Attribute, Ident, Path};

use super::{split, switch};
use crate::diagnostics::Errors;
use crate::options::{Given, OptionList, Spanned, duration, value};

/// `#[workflow(…)]`
#[derive(Default)]
pub(crate) struct WorkflowOptions {
    /// The word `durable`, where runs are kept.
    pub(crate) durable: Option<Ident>,
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

const WORKFLOW_KEYS: [&str; 10] = [
    "durable",
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
            "durable" => self.durable = switch(given, errors),
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
