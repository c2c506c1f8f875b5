//! `#[workflow(…)]`

use std::time::Duration;

use proc_macro2::TokenStream;
use syn::{Attribute, Ident, Path};

use super::schedule::Schedule;
use super::{split, switch};
use crate::diagnostics::Errors;
use crate::options::{Given, OptionList, Spanned, duration, value};

/// `#[workflow(…)]`
#[derive(Default)]
pub(crate) struct WorkflowOptions {
    /// The word `durable`, where runs are kept.
    pub(crate) durable: Option<Ident>,
    pub(crate) version: Option<Spanned<String>>,
    /// The versions whose runs may go on under this one.
    pub(crate) compatible_with: Option<Spanned<Vec<String>>>,
    pub(crate) max_active_runs: Option<Spanned<u32>>,
    /// What becomes of a run beyond that, as the plan has it.
    pub(crate) overlap: Option<Spanned<&'static str>>,
    /// How long a run may stand still before that is told.
    pub(crate) stuck_after: Option<Spanned<Duration>>,
    pub(crate) schedule: Option<Spanned<Schedule>>,
    pub(crate) priority: Option<Spanned<u32>>,
    pub(crate) owner: Option<String>,
    pub(crate) contact: Option<String>,
    pub(crate) docs: Option<String>,
    pub(crate) deadline: Option<Spanned<Duration>>,
    pub(crate) concurrency: Option<u32>,
    pub(crate) cancel_on_failure: bool,
    pub(crate) node_limit: Option<u32>,
    pub(crate) krate: Option<Path>,
}

const WORKFLOW_KEYS: [&str; 16] = [
    "durable",
    "version",
    "compatible_with",
    "max_active_runs",
    "overlap",
    "stuck_after",
    "schedule",
    "priority",
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
        let given = OptionList::parse_among(
            own,
            "option of `#[workflow(…)]`",
            &WORKFLOW_KEYS,
            false,
            Schedule::has,
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

    /// Takes an option that is about runs that are kept, and says whether it is one.
    fn set_for_kept_runs(&mut self, given: &Given, errors: &mut Errors) -> bool {
        match given.name().as_str() {
            "version" => {
                let read = given.value("version = \"1.2.0\"", value::label);
                self.version = errors.accept(read);
            }
            "compatible_with" => {
                let read = given.value("compatible_with = [\"1.1.0\"]", value::labels);
                self.compatible_with = errors.accept(read);
            }
            "max_active_runs" => {
                let read = given.value("max_active_runs = 4", |tokens| {
                    value::positive(
                        tokens,
                        "a limit of zero lets no run begin: leave it out for no limit",
                    )
                });
                self.max_active_runs = errors.accept(read);
            }
            "overlap" => {
                let read = given.value("overlap = skip", |tokens| {
                    value::word(tokens, "way to treat a run too many", &OVERLAPS)
                });
                self.overlap = errors.accept(read);
            }
            "stuck_after" => {
                let read = given.value("stuck_after = \"10m\"", |tokens| {
                    duration::nonzero(
                        tokens,
                        "every run stands still for no time at all: write how long is too long",
                    )
                });
                self.stuck_after = errors.accept(read);
            }
            "schedule" => self.schedule = Schedule::read(given, errors),
            "priority" => self.priority = errors.accept(given.value("priority = high", priority)),
            _ => return false,
        }
        true
    }

    fn set(&mut self, given: &Given, errors: &mut Errors) {
        if self.set_for_kept_runs(given, errors) {
            return;
        }
        let mut text = |example: &str| {
            let read = given.value(example, value::label);
            errors.accept(read).map(|read| read.value)
        };
        match given.name().as_str() {
            "durable" => self.durable = switch(given, errors),
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

/// What may become of a run beyond `max_active_runs`, as a workflow writes it and as the plan has it.
const OVERLAPS: [(&str, &str); 4] = [
    ("queue", "Queue"),
    ("skip", "Skip"),
    ("cancel_old", "CancelOld"),
    ("cancel_new", "CancelNew"),
];

/// Priorities in words.
const PRIORITIES: [(&str, u32); 4] = [("low", 10), ("medium", 50), ("high", 75), ("critical", 100)];

/// `priority = 80`, `priority = high`
fn priority(tokens: &TokenStream) -> syn::Result<u32> {
    let number = syn::parse2::<syn::LitInt>(tokens.clone());
    match number {
        Ok(_) => match value::count(tokens)? {
            number @ 0..=100 => Ok(number),
            _ => Err(syn::Error::new_spanned(
                tokens,
                "a priority is a number from 0, the lowest, to 100",
            )),
        },
        Err(_) if syn::parse2::<syn::Ident>(tokens.clone()).is_ok() => {
            value::word(tokens, "priority", &PRIORITIES)
        }
        Err(_) => Err(syn::Error::new_spanned(
            tokens,
            "a priority is a number from 0, the lowest, to 100, or `low`, `medium`, `high` or `critical`",
        )),
    }
}
