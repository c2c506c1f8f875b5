//! Everything of a workflow that is not a node: how it is run, what it implements, and what stands in for one with
//! mistakes.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned as _;

use super::super::analysis::{Analysis, ScopeId};
use super::super::model::{Callee, Origin, Output, Rhs, Tier, Workflow};
use super::{each_node, node, spec, types, value};
use crate::options::duration::tokens as duration;
use crate::options::feature;
use crate::ordered::Set;
use crate::text;

/// `Name::run`, and how a workflow around it makes the input.
pub(super) fn declaration(analysis: &Analysis<'_>) -> TokenStream {
    let workflow = analysis.workflow;
    let name = &workflow.name;
    let names: Vec<_> = workflow.inputs.iter().map(|input| &input.name).collect();
    let types: Vec<&Type> = workflow.inputs.iter().map(|input| &input.ty).collect();
    let (output, error) = results(&workflow.output);
    let (input, pack) = (one_or_tuple(&types), one_or_tuple(&names));
    let stored = stored(analysis);
    let signals = signals(analysis);
    let alone = Ident::new(
        if analysis.is_durable() {
            "InMemory"
        } else {
            "RunsAlone"
        },
        Span::call_site(),
    );
    quote! {
        #stored
        impl #name {
            /// Runs the workflow to its end, without an orchestrator.
            ///
            /// # Errors
            /// If the run failed or ran out of time.
            pub fn run<'__a>(#(#names: #types),*)
                -> impl __p::Future<Output = __p::Result<#output, __p::RunError<#error>>> + __p::Send
            where
                Self: __p::#alone<'__a>,
            {
                __p::run::<Self>(#pack)
            }

            /// The workflow's graph as data.
            pub const GRAPH: __p::Graph = __p::Graph::of(&<Self as __p::Workflow>::SPEC);

            #signals

            #[doc(hidden)]
            pub fn __input(#(#names: #types),*) -> #input { #pack }
        }
    }
}

/// The signals that its nodes wait for, as constants that say where to and with what.
fn signals(analysis: &Analysis<'_>) -> TokenStream {
    // A name that is taken was reported, and is said no second time.
    let own = Workflow::OWN_NAMES.map(str::to_owned);
    let mut taken: Set<String> = own.into_iter().collect();
    let named = each_node(analysis).filter_map(|(scope, equation)| {
        let defined = analysis.equation(scope, equation);
        match &defined.rhs {
            Rhs::Signal(signal)
                if defined.origin == Origin::Named
                    && taken.insert(text::name_of(&defined.ident)) =>
            {
                Some((scope, equation, &defined.ident, signal))
            }
            _ => None,
        }
    });
    let signals = named.map(|(scope, equation, name, signal)| {
        let (ty, path) = (&signal.carries, path(analysis, scope, equation));
        let doc = format!(
            "Sends `{path}` the `{}` that it waits for.",
            text::source(ty)
        );
        quote! {
            #[doc = #doc]
            #[allow(non_upper_case_globals)]
            pub const #name: __p::Signal<Self, #ty> = __p::Signal::new(#path);
        }
    });
    signals.collect()
}

/// A node's path in the plan: the names of the nodes around it and its own.
fn path(analysis: &Analysis<'_>, scope: ScopeId, equation: usize) -> String {
    let info = &analysis.scopes[scope];
    let name = &info.plan_names[equation];
    match info.parent {
        Some((around, form)) => format!("{}/{name}", path(analysis, around, form)),
        None => name.clone(),
    }
}

/// What a sound workflow implements.
pub(super) fn running(analysis: &Analysis<'_>, svg: &TokenStream) -> TokenStream {
    let scopes = spec::scopes(analysis);
    let code = node::table(analysis, 0);
    let implementation = implementation(
        analysis,
        &Parts {
            spec: spec::workflow(analysis, svg),
            code,
            result: value::tail(analysis, 0),
            codec: analysis.is_durable(),
        },
    );
    let checks = checks(analysis);
    quote!(#scopes #implementation #checks)
}

/// What takes the place of a workflow with mistakes: the same types, and nothing that runs.
pub(super) fn stand_in(analysis: &Analysis<'_>) -> TokenStream {
    let name = analysis.workflow.name.to_string();
    let scope = types::plan(0);
    let result = if analysis.scopes[0].tail_unwritable {
        quote!(::core::unreachable!())
    } else {
        value::tail(analysis, 0)
    };
    let implementation = implementation(
        analysis,
        &Parts {
            spec: quote!(__p::WorkflowSpec::new(#name, &#scope)),
            code: quote!(__p::ScopeCode { spec: &#scope, nodes: &[] }),
            result,
            codec: false,
        },
    );
    quote! {
        const #scope: __p::ScopeSpec = __p::ScopeSpec { nodes: &[], result: &[] };
        #implementation
    }
}

/// What differs between a sound workflow and its stand-in.
struct Parts {
    /// The plan.
    spec: TokenStream,
    /// The code of the workflow's own nodes.
    code: TokenStream,
    /// The result, of what the nodes gave.
    result: TokenStream,
    /// Whether it says how runs are kept.
    codec: bool,
}

fn implementation(analysis: &Analysis<'_>, parts: &Parts) -> TokenStream {
    let workflow = analysis.workflow;
    let (cx, slots, name) = (types::cx(), types::slots(0), &workflow.name);
    let Parts {
        spec,
        code,
        result,
        codec,
    } = parts;
    let (output, error) = results(&workflow.output);
    let fields: Vec<Ident> = (0..workflow.inputs.len())
        .map(|idx| format_ident!("i{idx}"))
        .collect();
    let types: Vec<&Type> = workflow.inputs.iter().map(|input| &input.ty).collect();
    let (input, unpack) = (one_or_tuple(&types), one_or_tuple(&fields));
    let Wants {
        list,
        nothing,
        workflows,
    } = wants(analysis);
    // What is wrong with the result is said about the type that the user wrote.
    let given = quote_spanned!(output.span()=> Self::Output);
    let source = source(&workflow.output);
    let codec = codec.then(|| self::codec(&error));
    let nothing = match &workflow.options.durable {
        Some(_) => quote!(#name: __p::InMemory<'__a>,),
        None => nothing,
    };
    quote! {
        impl __p::Workflow for #name {
            type Input = #input;
            type Output = #output;
            type Error = #error;
            type Slots = #slots;

            const SPEC: __p::WorkflowSpec = #spec;

            fn needs(list: &mut __p::Vec<__p::Resource>) { __p::needs_of!(list #(#list)*); }

            fn program() -> &'static __p::Program {
                static PROGRAM: __p::Program =
                    __p::Program::new(&<#name as __p::Workflow>::SPEC, #code);
                &PROGRAM
            }

            fn open(#unpack: #input) -> #slots {
                #slots { #(#fields: __p::From::from(#fields),)* ..__p::Default::default() }
            }

            fn finish(#cx: &__p::Cx) -> #given { #result }

            #source
            #codec
        }

        impl<'__a> __p::RunsAlone<'__a> for #name where #nothing {}

        impl __p::ContainsNoCycle for #name where #(#workflows),* {}
    }
}

/// `()`, the only one, or a tuple.
fn one_or_tuple<T: quote::ToTokens>(parts: &[T]) -> TokenStream {
    match parts {
        [only] => only.to_token_stream(),
        _ => quote!((#(#parts),*)),
    }
}

/// The output and the error type.
fn results(output: &Output) -> (TokenStream, TokenStream) {
    match output {
        Output::Unit => (quote!(()), quote!(__p::AnyError)),
        Output::Plain(ty) => (quote!(#ty), quote!(__p::AnyError)),
        Output::Fallible(ty, error) => (quote!(#ty), quote!(#error)),
        Output::Alias(ty) => (quote!(__p::OkOf<#ty>), quote!(__p::ErrOf<#ty>)),
    }
}

/// How callers find the source of a declared error: by what its type can do, which a macro does not know.
fn source(output: &Output) -> Option<TokenStream> {
    matches!(output, Output::Fallible(..) | Output::Alias(_)).then(|| {
        quote! {
            fn source(error: &Self::Error) -> __p::ErrorSource<'_> {
                #[allow(unused_imports)]
                use __p::{SourceOfError as _, SourceOfLent as _, SourceOfWords as _};
                (&&&__p::SourceProbe(error)).source_of()
            }
        }
    })
}

/// How runs are kept: errors by what their type can do, which a macro does not know.
fn codec(error: &TokenStream) -> TokenStream {
    quote! {
        fn codec() -> __p::Option<__p::Codec<Self>> {
            #[allow(unused_imports)]
            use __p::{UnkeptRuns as _, WholeErrors as _, WholeRuns as _, WordedErrors as _};
            (&&__p::CodecProbe::<Self>::NEW).codec((&&__p::ErrorProbe::<#error>::NEW).codec())
        }
    }
}

/// That what a durable workflow takes and gives can be kept, said of each type as it is written.
fn stored(analysis: &Analysis<'_>) -> TokenStream {
    if !analysis.is_durable() {
        return TokenStream::new();
    }
    let workflow = analysis.workflow;
    let output = match &workflow.output {
        Output::Unit => None,
        Output::Plain(ty) | Output::Fallible(ty, _) => Some((ty.span(), quote!(#ty))),
        Output::Alias(ty) => Some((ty.span(), quote_spanned!(ty.span()=> __p::OkOf<#ty>))),
    };
    let inputs = workflow.inputs.iter().map(|input| {
        let ty = &input.ty;
        (ty.span(), quote!(#ty))
    });
    inputs
        .chain(output)
        .map(|(span, ty)| quote_spanned!(span=> const _: () = __p::stored::<#ty>();))
        .collect()
}

/// What the steps and workflows inside want.
struct Wants {
    /// What adds each resource to a list, and for what.
    list: Vec<Ident>,
    /// That none is wanted, as bounds.
    nothing: TokenStream,
    /// The workflows among them.
    workflows: Vec<TokenStream>,
}

fn wants(analysis: &Analysis<'_>) -> Wants {
    let (mut list, mut nothing, mut workflows) = (Vec::new(), Vec::new(), Vec::new());
    let mut seen = Set::new();
    for (scope, equation) in each_node(analysis) {
        if analysis.scopes[scope].unwritable[equation] {
            continue;
        }
        for (alias, Tier { callee, .. }) in tiers(analysis, scope, equation) {
            let path = callee.path();
            if !seen.insert(path.to_token_stream().to_string()) {
                continue;
            }
            match callee {
                Callee::Step(_) => {
                    list.extend([format_ident!("needs"), alias.clone()]);
                    nothing.push(quote!(#alias<'__a>: __p::StepAlone,));
                }
                Callee::Workflow(_) => {
                    list.extend([format_ident!("needs_inside"), alias.clone()]);
                    nothing.push(quote!(#alias: __p::RunsAlone<'__a>,));
                    workflows.push(quote_spanned!(path.span()=> #path: __p::ContainsNoCycle));
                }
            }
        }
    }
    Wants {
        list,
        nothing: nothing.into_iter().collect(),
        workflows,
    }
}

/// What a node calls, under the names it has here.
fn tiers<'a>(
    analysis: &'a Analysis<'_>,
    scope: ScopeId,
    equation: usize,
) -> impl Iterator<Item = (Ident, &'a Tier)> {
    let tiers = match &analysis.equation(scope, equation).rhs {
        Rhs::Call(call) => call.tiers.as_slice(),
        _ => &[],
    };
    let named = move |(tier, called)| (types::alias(scope, equation, tier), called);
    tiers.iter().enumerate().map(named)
}

/// What the compiler checks between a node and its step, as constants.
fn checks(analysis: &Analysis<'_>) -> TokenStream {
    let options = &analysis.workflow.options;
    let durable = options.durable.as_ref();
    let schedule = options.schedule.as_ref().map(|schedule| &schedule.key);
    let mut checks = TokenStream::new();
    checks.extend(durable.map(|word| feature("durable", word)));
    checks.extend(schedule.map(|word| feature("schedule", word)));
    let deadline = analysis.workflow.options.deadline.as_ref();
    let deadline = deadline.map(|deadline| duration(deadline.value));
    for (scope, equation) in each_node(analysis) {
        let own = &analysis.equation(scope, equation).options.policies;
        checks.extend(own.features());
        if let Rhs::Signal(signal) = &analysis.equation(scope, equation).rhs {
            checks.extend(feature("json", &signal.word));
        }
        let policies = || own.tokens().unwrap_or_else(|| quote!(Policies::NONE));
        let transient = analysis
            .equation(scope, equation)
            .options
            .transient
            .as_ref();
        for (alias, tier) in tiers(analysis, scope, equation) {
            let (callee, step) = (&tier.callee, || types::step(tier, alias.clone()));
            if let (Some(key), Callee::Step(_)) = (transient, callee) {
                let step = types::spanned(step(), key.span());
                checks.extend(quote_spanned!(key.span()=>
                    const _: () = __p::recomputed::<#step>();
                ));
            }
            if let (false, Callee::Workflow(path)) = (analysis.is_durable(), callee) {
                let step = step();
                checks.extend(quote_spanned!(path.span()=>
                    const _: () = __p::unkept::<#step>();
                ));
            }
            if let Some(deadline) = &deadline {
                let (step, policies) = (step(), policies());
                checks.extend(quote_spanned!(tier.place=>
                    const _: () = { use __p::plan::*; fits::<#step>(#policies, #deadline) };
                ));
            }
            if let (Some(key), Callee::Step(_)) = (own.first_to_suit(), callee) {
                let (step, policies) = (types::spanned(step(), key.span()), policies());
                checks.extend(quote_spanned!(key.span()=>
                    const _: () = { use __p::plan::*; suits::<#step>(#policies) };
                ));
            }
        }
    }
    checks
}
