//! The picture of a workflow: what the renderer needs of it.

use proc_macro2::TokenStream;
use quote::ToTokens as _;

use super::super::analysis::{Analysis, Reader, ScopeId, Symbol};
use super::super::model::{Call, Callee, Length, Rhs, Signal, Sleep};
use super::super::options::NodeOptions;
use super::spec;
use crate::draw::{self, Drawing, Group, Kind, Line, LineKind, Shape};
use crate::options::checkpoint::Checkpoint;
use crate::ordered::Set;
use crate::text;

/// The picture as an SVG document.
pub(super) fn svg(analysis: &Analysis<'_>) -> Option<String> {
    let drawing = drawing(analysis, 0, &analysis.workflow.name.to_string());
    Some(draw::svg(&drawing))
}

fn drawing(analysis: &Analysis<'_>, scope: ScopeId, title: &str) -> Drawing {
    let info = &analysis.scopes[scope];
    let mut drawing = Drawing {
        title: title.to_owned(),
        ..Drawing::default()
    };
    for &equation in &info.order {
        drawing.nodes.push(shape(analysis, scope, equation, title));
    }
    for (to, &equation) in info.order.iter().enumerate() {
        let data = if info.scope.equations[equation].reads_outcomes() {
            LineKind::Outcome
        } else {
            LineKind::Data
        };
        let reads = analysis.nodes_behind(scope, info.reads[equation].keys().copied());
        for &read in &reads {
            let outcome = info.scope.equations[read].gives_outcome();
            let kind = if outcome { LineKind::Outcome } else { data };
            drawing.edges.extend(line(info.places[read], to, kind));
        }
        for after in info.after[equation]
            .keys()
            .filter(|after| !reads.contains(after))
        {
            drawing
                .edges
                .extend(line(info.places[*after], to, LineKind::Order));
        }
    }
    if scope == 0 {
        inputs(analysis, &mut drawing);
    }
    drawing
}

fn line(from: Option<usize>, to: usize, kind: LineKind) -> Option<Line> {
    Some(Line {
        from: from?,
        to,
        kind,
    })
}

/// What a run is started with, above everything that reads it first.
fn inputs(analysis: &Analysis<'_>, drawing: &mut Drawing) {
    for (idx, input) in analysis.workflow.inputs.iter().enumerate() {
        let at = drawing.nodes.len();
        drawing.nodes.push(Shape {
            label: text::name_of(&input.name),
            sublabel: text::source(&input.ty),
            kind: Kind::Input,
            ..Shape::default()
        });
        let readers = readers_of_input(analysis, idx);
        for (to, equation) in analysis.scopes[0].order.iter().enumerate() {
            if readers.contains(equation) {
                drawing.edges.push(Line {
                    from: at,
                    to,
                    kind: LineKind::Data,
                });
            }
        }
    }
}

/// The equations of the workflow that name an input, themselves or inside them, directly or through views.
fn readers_of_input(analysis: &Analysis<'_>, input: usize) -> Set<usize> {
    let equations = &analysis.scopes[0].scope.equations;
    let mut readers = Set::new();
    let mut open = vec![Symbol::Input(input)];
    while let Some(read) = open.pop() {
        for usage in analysis.uses_of(read) {
            let Some(reader) = outermost(analysis, usage.scope, usage.reader) else {
                continue;
            };
            if readers.insert(reader) && matches!(equations[reader].rhs, Rhs::View(_)) {
                open.push(Symbol::Equation(0, reader));
            }
        }
    }
    readers
}

/// The equation of the workflow itself that a reader is, or is inside of.
fn outermost(analysis: &Analysis<'_>, scope: ScopeId, reader: Reader) -> Option<usize> {
    let mut at = scope;
    let mut equation = match reader {
        Reader::Equation(equation, _) => Some(equation),
        Reader::Tail => None,
    };
    while let Some((around, form)) = analysis.scopes[at].parent {
        (at, equation) = (around, Some(form));
    }
    equation
}

fn shape(analysis: &Analysis<'_>, scope: ScopeId, equation: usize, title: &str) -> Shape {
    let info = &analysis.scopes[scope];
    let defined = analysis.equation(scope, equation);
    let inner = &info.inner[equation];
    let label = info.plan_names[equation].clone();
    let rule = defined.options.rule.as_ref();
    let (kind, sublabel, children) = match &defined.rhs {
        Rhs::Call(call) => (call_kind(call), call_words(call, &label), Vec::new()),
        Rhs::For(for_loop) => {
            let body = drawing(analysis, inner[0], &format!("{title}/{label}"));
            let items = format!(
                "for {} in {}",
                text::source(&for_loop.pat),
                text::source(&for_loop.head)
            );
            let group = Group {
                label: items,
                drawing: body,
            };
            (Kind::For, String::new(), vec![group])
        }
        Rhs::Branch(branch) => {
            let arms = branch.arms.iter().zip(inner).map(|(arm, &scope)| Group {
                label: spec::label(&arm.test),
                drawing: drawing(analysis, scope, &format!("{title}/{label}")),
            });
            (Kind::Branch, String::new(), arms.collect())
        }
        Rhs::Signal(signal) => (Kind::Signal, signal_words(signal), Vec::new()),
        Rhs::Sleep(sleep) => (Kind::Sleep, sleep_words(sleep), Vec::new()),
        Rhs::View(_) | Rhs::Broken => (Kind::Step, String::new(), Vec::new()),
    };
    Shape {
        label,
        sublabel,
        kind,
        finally: defined.options.finally.is_some(),
        marks: marks(&defined.options),
        rule: rule
            .filter(|rule| rule.value != "AllSuccess")
            .map(|rule| text::source(&rule.tokens)),
        children,
    }
}

/// What else the options say of a node, in a word each.
fn marks(options: &NodeOptions) -> Vec<String> {
    let word = |holds: bool, word: &str| holds.then(|| word.to_owned());
    let checkpoint = options
        .checkpoint
        .as_ref()
        .map(|it| checkpoint_words(&it.value));
    let marks = [
        word(options.optional.is_some(), "optional"),
        word(options.transient.is_some(), "transient"),
        word(options.allow_skip.is_some(), "may be skipped"),
        checkpoint,
    ];
    marks.into_iter().flatten().collect()
}

fn checkpoint_words(checkpoint: &Checkpoint) -> String {
    if checkpoint.approvers.is_empty() {
        "checkpoint".to_owned()
    } else {
        format!("checkpoint of {}", checkpoint.approvers.join(" or "))
    }
}

fn signal_words(signal: &Signal) -> String {
    let carries = text::source(&signal.carries);
    match &signal.timeout {
        Some(timeout) => format!("signal of {carries}, at most {}", length(&timeout.tokens)),
        None => format!("signal of {carries}"),
    }
}

fn sleep_words(sleep: &Sleep) -> String {
    let tokens = match &sleep.length {
        Length::Written(written) => &written.tokens,
        Length::Computed(computed) => &computed.to_token_stream(),
    };
    format!("sleep of {}", length(tokens))
}

/// A length of time as it is written: the text of a string, or the seconds of a number.
fn length(tokens: &TokenStream) -> String {
    match syn::parse2(tokens.clone()) {
        Ok(syn::Lit::Str(text)) => text.value(),
        Ok(number) => format!("{}s", text::source(&number)),
        Err(_) => text::source(tokens),
    }
}

fn call_kind(call: &Call) -> Kind {
    match (&call.repeat, &call.tiers[0].callee) {
        (Some(_), _) => Kind::Repeat,
        (None, Callee::Workflow(_)) => Kind::Workflow,
        (None, Callee::Step(_)) => Kind::Step,
    }
}

/// What a call calls, where its name does not say so.
fn call_words(call: &Call, label: &str) -> String {
    let names: Vec<String> = call
        .tiers
        .iter()
        .filter_map(|tier| tier.callee.name().map(text::name_of))
        .collect();
    let words = names.join(", or else ");
    let words = match &call.repeat {
        Some(repeat) => format!("{words}, at most {} turns", repeat.max),
        None => words,
    };
    if text::kebab(&words) == label {
        String::new()
    } else {
        words
    }
}
