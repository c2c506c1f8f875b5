//! The plan as constants.

use proc_macro2::{Literal, TokenStream, TokenTree};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::Ident;

use super::super::analysis::{Analysis, Kind, ScopeId, Symbol};
use super::super::model::{Call, Length, Origin, Output, Rhs, Test};
use super::super::options::{Tolerance, WorkflowOptions};
use super::types;
use crate::options::duration::tokens as duration;
use crate::ordered::{Map, Set};
use crate::text;

/// The plans of all scopes, the innermost first.
pub(super) fn scopes(analysis: &Analysis<'_>) -> TokenStream {
    (0..analysis.scopes.len())
        .rev()
        .map(|scope| scope_plan(analysis, scope))
        .collect()
}

fn scope_plan(analysis: &Analysis<'_>, scope: ScopeId) -> TokenStream {
    let info = &analysis.scopes[scope];
    let name = types::plan(scope);
    let nodes: TokenStream = info
        .order
        .iter()
        .map(|&equation| node(analysis, scope, equation))
        .collect();
    let result = indices(analysis, scope, info.tail_reads.keys().copied());
    quote! {
        const #name: __p::ScopeSpec = {
            use __p::plan::*;
            ScopeSpec { nodes: &[#nodes], result: &#result }
        };
    }
}

/// The places in the plan of the nodes behind these equations.
fn indices(
    analysis: &Analysis<'_>,
    scope: ScopeId,
    equations: impl IntoIterator<Item = usize>,
) -> TokenStream {
    let mut places: Vec<usize> = analysis
        .nodes_behind(scope, equations)
        .into_iter()
        .filter_map(|equation| analysis.scopes[scope].places[equation])
        .collect();
    places.sort_unstable();
    let places = places.into_iter().map(Literal::usize_unsuffixed);
    quote!([#(#places),*])
}

/// A node's part of the plan, with the comma after it.
fn node(analysis: &Analysis<'_>, scope: ScopeId, equation: usize) -> TokenStream {
    let info = &analysis.scopes[scope];
    let defined = analysis.equation(scope, equation);
    let options = &defined.options;
    let name = &info.plan_names[equation];
    let arms = analysis.only_arms_read(scope, equation);
    let reads: Vec<usize> = info.reads[equation]
        .keys()
        .copied()
        .filter(|read| !arms.contains(read))
        .collect();
    let behind = analysis.nodes_behind(scope, reads.iter().copied());
    let reading = (!behind.is_empty()).then(|| {
        let reads = indices(analysis, scope, behind.iter().copied());
        quote!(.reading(&#reads))
    });
    let mut fields = Vec::new();
    if !info.after[equation].is_empty() {
        let after = indices(analysis, scope, info.after[equation].keys().copied());
        fields.push(quote!(after: &#after,));
    }
    let rule = options.trigger();
    if let Some(rule) = rule.or(options.finally.is_some().then_some("AllDone")) {
        let rule = format_ident!("{rule}");
        fields.push(quote!(rule: Rule::#rule,));
    }
    if options.finally.is_some() {
        fields.push(quote!(finally: true,));
    }
    if options.optional.is_some() {
        fields.push(quote!(optional: true,));
    }
    if let Some(impact) = &options.allow_skip {
        let impact = &impact.value;
        fields.push(quote!(allow_skip: #impact,));
    }
    if let Some(checkpoint) = &options.checkpoint {
        let checkpoint = checkpoint.value.tokens();
        fields.push(quote!(checkpoint: Some(#checkpoint),));
    }
    if options.transient.is_some() {
        fields.push(quote!(transient: true,));
    }
    if defined.gives_outcome() {
        fields.push(quote!(outcome: true,));
    }
    if info.handled[equation] {
        fields.push(quote!(handled: true,));
    }
    if matches!(defined.rhs, Rhs::Call(_))
        && let Some(policies) = options.policies.tokens()
    {
        fields.push(quote!(policies: #policies,));
    }
    if fields.is_empty() {
        return match &defined.rhs {
            Rhs::Call(call) if call.tiers.len() == 1 && call.repeat.is_none() => {
                let step = step(scope, equation, call, 0);
                let reads = indices(analysis, scope, behind);
                quote!(calls::<#step>(#name, &#reads),)
            }
            _ => {
                let kind = kind(analysis, scope, equation);
                quote!(NodeSpec::new(#name, #kind) #reading,)
            }
        };
    }
    let kind = kind(analysis, scope, equation);
    quote!(NodeSpec { #(#fields)* ..NodeSpec::new(#name, #kind) #reading },)
}

fn kind(analysis: &Analysis<'_>, scope: ScopeId, equation: usize) -> TokenStream {
    let defined = analysis.equation(scope, equation);
    let inner = &analysis.scopes[scope].inner[equation];
    match &defined.rhs {
        Rhs::Call(call) => called(scope, equation, call),
        Rhs::For(_) => {
            let body = types::plan(inner[0]);
            let concurrency = defined.options.policies.concurrency.as_ref();
            let concurrency =
                option(concurrency.map(|limit| Literal::u32_unsuffixed(limit.value.max)));
            let tolerate = defined.options.tolerate.as_ref();
            let tolerate = option(tolerate.map(|tolerate| match tolerate.value {
                Tolerance::Items(items) => quote!(Tolerance::Items(#items)),
                Tolerance::PerMillion(items) => quote!(Tolerance::PerMillion(#items)),
            }));
            quote!(NodeKind::For { body: &#body, concurrency: #concurrency, tolerate: #tolerate })
        }
        Rhs::Branch(branch) => {
            let partial = branch.partial;
            let arms = branch.arms.iter().enumerate().map(|(idx, arm)| {
                let label = label(&arm.test);
                let reads = analysis.scopes[scope].arm_reads[equation].get(idx);
                let reads = indices(analysis, scope, reads.into_iter().flatten().copied());
                let body = types::plan(inner[idx]);
                quote!(ArmSpec { label: #label, reads: &#reads, body: &#body })
            });
            quote!(NodeKind::Branch { arms: &[#(#arms),*], partial: #partial })
        }
        Rhs::Signal(signal) => {
            let carries = text::source(&signal.carries);
            let timeout = option(
                signal
                    .timeout
                    .as_ref()
                    .map(|timeout| duration(timeout.value)),
            );
            quote!(NodeKind::Signal { carries: #carries, timeout: #timeout })
        }
        Rhs::Sleep(sleep) => {
            let length = match &sleep.length {
                Length::Written(length) => Some(duration(length.value)),
                Length::Computed(_) => None,
            };
            let length = option(length);
            quote!(NodeKind::Sleep { length: #length })
        }
        Rhs::View(_) | Rhs::Broken => TokenStream::new(),
    }
}

fn called(scope: ScopeId, equation: usize, call: &Call) -> TokenStream {
    let steps = (0..call.tiers.len()).map(|tier| step(scope, equation, call, tier));
    let steps: Vec<Ident> = steps.collect();
    let first = &steps[0];
    match &call.repeat {
        Some(repeat) => {
            let max = Literal::u32_unsuffixed(repeat.max);
            let every = option(repeat.every.map(duration));
            quote!(NodeKind::Repeat { callee: <#first as Step>::CALLEE, max: #max, every: #every })
        }
        None if steps.len() == 1 => quote!(<#first as Step>::CALL),
        None => quote!(NodeKind::Call(&[#(<#steps as Step>::CALLEE),*])),
    }
}

/// What a tier calls, at the place where the user says so.
fn step(scope: ScopeId, equation: usize, call: &Call, tier: usize) -> Ident {
    let mut step = types::alias(scope, equation, tier);
    step.set_span(call.tiers[tier].place);
    step
}

/// An arm's condition or pattern, as written.
pub(super) fn label(test: &Test) -> String {
    match test {
        Test::Cond(cond) => text::source(cond),
        Test::Else => "else".to_owned(),
        Test::Pat(pat) => text::source(pat),
    }
}

pub(super) fn option(value: Option<impl quote::ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote!(Some(#value)),
        None => quote!(None),
    }
}

/// The workflow's plan, as an expression.
pub(super) fn workflow(analysis: &Analysis<'_>, svg: &TokenStream) -> TokenStream {
    let workflow = analysis.workflow;
    let options = &workflow.options;
    let name = workflow.name.to_string();
    let mut fields = TokenStream::new();
    fields.extend(kept_runs(options));
    let mut new = Ident::new("new", workflow.name.span());
    if options.durable.is_some() {
        new = Ident::new("durable", workflow.name.span());
        fields.extend(quote!(durable: true,));
    }
    let version = options
        .version
        .as_ref()
        .map(|version| version.value.clone());
    let texts = [
        ("version", &version),
        ("owner", &options.owner),
        ("contact", &options.contact),
        ("docs", &options.docs),
    ];
    for (field, value) in texts {
        if let Some(value) = value {
            let field = format_ident!("{field}");
            fields.extend(quote!(#field: #value,));
        }
    }
    if let Some(note) = text::deprecated(&workflow.attrs) {
        fields.extend(quote!(deprecated: Some(#note),));
    }
    if let Some(description) = text::docs(&workflow.attrs) {
        fields.extend(quote!(description: #description,));
    }
    if !workflow.inputs.is_empty() {
        let inputs = workflow.inputs.iter().map(|input| {
            let (name, ty) = (text::name_of(&input.name), text::source(&input.ty));
            quote!(ParamSpec { name: #name, ty: #ty })
        });
        fields.extend(quote!(inputs: &[#(#inputs),*],));
    }
    let (output, error) = match &workflow.output {
        Output::Unit => (None, None),
        Output::Plain(ty) | Output::Alias(ty) => (Some(ty), None),
        Output::Fallible(ty, error) => (Some(ty), Some(error)),
    };
    if let Some(output) = output {
        let output = text::source(output);
        fields.extend(quote!(output: #output,));
    }
    if let Some(error) = error {
        let error = text::source(error);
        fields.extend(quote!(error: #error,));
    }
    if let Some(deadline) = &options.deadline {
        let deadline = duration(deadline.value);
        fields.extend(quote!(deadline: Some(#deadline),));
    }
    if let Some(limit) = options.concurrency {
        fields.extend(quote!(concurrency: Some(#limit),));
    }
    if options.cancel_on_failure {
        fields.extend(quote!(on_failure: OnFailure::Cancel,));
    }
    let root = types::plan(0);
    // What is wrong with all of it is said at its name.
    let new = quote_spanned!(workflow.name.span()=> WorkflowSpec::#new(#name, &#root));
    quote! {
        {
            use __p::plan::*;
            WorkflowSpec {
                module: ::core::module_path!(),
                svg: #svg,
                #fields
                ..#new
            }
        }
    }
}

/// What the options say of runs that are kept.
fn kept_runs(options: &WorkflowOptions) -> TokenStream {
    let compatible = options.compatible_with.as_ref().map(|compatible| {
        let versions = &compatible.value;
        quote!(compatible_with: &[#(#versions),*],)
    });
    let most = options.max_active_runs.as_ref().map(|most| {
        let most = most.value;
        quote!(max_active_runs: Some(#most),)
    });
    let overlap = options.overlap.as_ref().map(|overlap| {
        let overlap = format_ident!("{}", overlap.value);
        quote!(overlap: Overlap::#overlap,)
    });
    let schedule = options.schedule.as_ref().map(|schedule| {
        let schedule = schedule.value.tokens();
        quote!(schedule: Some(#schedule),)
    });
    let priority = options.priority.as_ref().map(|priority| {
        let priority = Literal::u32_unsuffixed(priority.value);
        quote!(priority: #priority,)
    });
    let stuck_after = options.stuck_after.as_ref().map(|patience| {
        let patience = duration(patience.value);
        quote!(stuck_after: Some(#patience),)
    });
    quote!(#compatible #most #overlap #stuck_after #schedule #priority)
}

/// The names that nobody reads, so that the compiler says so in its own words.
pub(super) fn unused(analysis: &Analysis<'_>) -> TokenStream {
    let used = |symbol: Symbol| {
        analysis.is_meant(symbol)
            || analysis.is_in_key(symbol)
            || analysis.uses_of(symbol).next().is_some()
    };
    let mut names: Vec<&Ident> = Vec::new();
    for (idx, input) in analysis.workflow.inputs.iter().enumerate() {
        if !used(Symbol::Input(idx)) {
            names.push(&input.name);
        }
    }
    for (scope, info) in analysis.scopes.iter().enumerate() {
        let unread = info.locals.iter().enumerate().filter(|(idx, local)| {
            !used(Symbol::Local(scope, *idx)) && !tests(analysis, scope, local)
        });
        names.extend(unread.map(|(_, local)| local));
        let waited_for: Set<&usize> = info.after.iter().flat_map(Map::keys).collect();
        for (idx, equation) in info.scope.equations.iter().enumerate() {
            if equation.origin == Origin::Named
                && !waited_for.contains(&idx)
                && !used(Symbol::Equation(scope, idx))
            {
                names.push(&equation.ident);
            }
        }
    }
    if names.is_empty() {
        return TokenStream::new();
    }
    quote! {
        const _: () = {
            #[allow(dead_code, clippy::let_unit_value)]
            fn unused() { #(let #names = ();)* }
        };
    }
}

/// Whether the condition or the guard of an arm reads what the arm's own pattern binds.
fn tests(analysis: &Analysis<'_>, scope: ScopeId, local: &Ident) -> bool {
    let info = &analysis.scopes[scope];
    let (Kind::Arm(arm), Some((around, equation))) = (info.kind, info.parent) else {
        return false;
    };
    let Rhs::Branch(branch) = &analysis.equation(around, equation).rhs else {
        return false;
    };
    let test = match &branch.arms[arm].test {
        Test::Cond(cond) => cond.to_token_stream(),
        Test::Pat(pat) => pat.to_token_stream(),
        Test::Else => return false,
    };
    occurrences(test, local) > 1
}

/// How often a name stands in tokens.
fn occurrences(tokens: TokenStream, name: &Ident) -> usize {
    let count = |token| match token {
        TokenTree::Ident(ident) => usize::from(ident == *name),
        TokenTree::Group(group) => occurrences(group.stream(), name),
        _ => 0,
    };
    tokens.into_iter().map(count).sum()
}
