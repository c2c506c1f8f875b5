//! The picture of a workflow: what the renderer needs of it.

use super::super::analysis::{Analysis, Reader, ScopeId};
use super::super::model::{Call, Callee, Rhs};
use super::spec;
use crate::draw::{self, Drawing, Group, Kind, Line, LineKind, Shape};
use crate::text;

/// The picture as an SVG document.
pub(super) fn svg(analysis: &Analysis<'_>) -> String {
    draw::svg(&drawing(analysis, 0, &analysis.workflow.name.to_string()))
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
            let outcome = matches!(
                &info.scope.equations[read].rhs,
                Rhs::Call(Call {
                    outcome: Some(_),
                    ..
                })
            );
            let kind = if outcome { LineKind::Outcome } else { data };
            drawing.edges.extend(line(info.position(read), to, kind));
        }
        for after in info.after[equation]
            .keys()
            .filter(|after| !reads.contains(after))
        {
            drawing
                .edges
                .extend(line(info.position(*after), to, LineKind::Order));
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
        for (to, &equation) in analysis.scopes[0].order.iter().enumerate() {
            if reads_input(analysis, equation, idx) {
                drawing.edges.push(Line {
                    from: at,
                    to,
                    kind: LineKind::Data,
                });
            }
        }
    }
}

/// Whether a node of the workflow names an input, itself or inside it, directly or through views.
fn reads_input(analysis: &Analysis<'_>, equation: usize, input: usize) -> bool {
    let info = &analysis.scopes[0];
    let (mut open, mut seen) = (vec![equation], Vec::new());
    while let Some(at) = open.pop() {
        if seen.contains(&at) {
            continue;
        }
        seen.push(at);
        let direct = analysis.uses.iter().any(|usage| {
            usage.symbol == super::super::analysis::Symbol::Input(input)
                && outermost(analysis, usage.scope, usage.reader) == Some(at)
        });
        if direct {
            return true;
        }
        let views = info.reads[at].keys().copied();
        open.extend(views.filter(|read| matches!(info.scope.equations[*read].rhs, Rhs::View(_))));
    }
    false
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
    let defined = analysis.equation(scope, equation);
    let inner = &analysis.scopes[scope].inner[equation];
    let label = spec::unique_name(analysis, scope, equation);
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
        Rhs::View(_) | Rhs::Broken => (Kind::Step, String::new(), Vec::new()),
    };
    Shape {
        label,
        sublabel,
        kind,
        finally: defined.options.finally.is_some(),
        optional: defined.options.optional.is_some(),
        rule: rule
            .filter(|rule| rule.value != "AllSuccess")
            .map(|rule| text::source(&rule.tokens)),
        children,
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
