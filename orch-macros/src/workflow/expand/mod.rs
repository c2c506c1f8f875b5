//! Writing a workflow's code.
//!
//! One function for each node, its slots typed by its steps; the plan as constants; one table that brings them together.
//! Of a workflow with mistakes, everything that was understood is written all the same, so that editors and the
//! compiler go on helping with it, and a stand-in takes the place of the whole.

mod bind;
mod node;
mod picture;
mod spec;
mod types;

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Path, Type};

use super::analysis::{Analysis, ScopeId, Symbol};
use super::model::{Callee, Output, Rhs, Tier};
use crate::options::duration::tokens as duration;

/// Writes a workflow; `sound` says whether nothing was wrong with it.
pub(crate) fn expand(analysis: &Analysis<'_>, sound: bool) -> TokenStream {
    let workflow = analysis.workflow;
    let (attrs, vis, name) = (&workflow.attrs, &workflow.vis, &workflow.name);
    let krate: Path = match &workflow.options.krate {
        Some(path) => path.clone(),
        None => syn::parse_quote!(::orch),
    };
    let (picture, svg, doc) = picture(analysis, sound);
    let unused = if sound {
        spec::unused(analysis)
    } else {
        TokenStream::new()
    };
    let parts = if sound {
        whole(analysis, &svg)
    } else {
        stand_in(analysis)
    };
    let large = large(analysis);
    let slots = (0..analysis.scopes.len()).map(|scope| slots(analysis, scope));
    let aliases =
        each_node(analysis).map(|(scope, equation)| node::aliases(analysis, scope, equation));
    let functions = functions(analysis);
    let run = run(analysis);
    // A name that was reported needs no lint beside it.
    let reported = (!sound).then(|| quote!(#[allow(non_camel_case_types)]));
    quote! {
        #picture
        #(#attrs)*
        #doc
        #reported
        #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
        #vis struct #name;

        #unused
        #large

        #[allow(
            dead_code, irrefutable_let_patterns, missing_docs, non_camel_case_types, non_local_definitions,
            unexpected_cfgs, unreachable_code, unreachable_patterns, unused_braces, unused_parens, unused_variables, clippy::all,
            clippy::pedantic, clippy::restriction
        )]
        const _: () = {
            use #krate::__private as __p;
            #(#slots)*
            #(#aliases)*
            #functions
            #run
            #parts
        };
    }
}

/// How many nodes a workflow may have before somebody asks whether it does one thing.
const NODE_LIMIT: u32 = 50;

/// A warning at the name of a workflow with many nodes, by the one means that stable Rust has.
fn large(analysis: &Analysis<'_>) -> Option<TokenStream> {
    let limit = analysis.workflow.options.node_limit.unwrap_or(NODE_LIMIT);
    let count: usize = analysis.scopes.iter().map(|info| info.order.len()).sum();
    if count <= limit as usize {
        return None;
    }
    let note = format!(
        "this workflow has {count} nodes: move a part that stands alone into a workflow of its own, or say `#[workflow(node_limit = {count})]`"
    );
    let used = quote_spanned!(analysis.workflow.name.span()=> LARGE_WORKFLOW);
    Some(quote! {
        const _: () = {
            #[deprecated(note = #note)]
            const LARGE_WORKFLOW: () = ();
            const _: () = #used;
        };
    })
}

fn each_node<'a>(analysis: &'a Analysis<'_>) -> impl Iterator<Item = (ScopeId, usize)> + 'a {
    analysis
        .scopes
        .iter()
        .enumerate()
        .flat_map(|(scope, info)| {
            (0..info.scope.equations.len()).map(move |equation| (scope, equation))
        })
}

/// The functions of all nodes; those that read what could not be understood are for editors alone, as the compiler
/// would report the same mistake once more in each.
fn functions(analysis: &Analysis<'_>) -> TokenStream {
    let (mut whole, mut partial) = (TokenStream::new(), TokenStream::new());
    for (scope, equation) in each_node(analysis) {
        let unwritable = analysis.scopes[scope].unwritable[equation];
        let functions = node::functions(analysis, scope, equation);
        if unwritable || !analysis.workflow.is_whole {
            partial.extend(functions);
        } else {
            whole.extend(functions);
        }
    }
    if !partial.is_empty() {
        whole.extend(quote!(#[cfg(rust_analyzer)] const _: () = { #partial };));
    }
    whole
}

/// The picture as a macro, so that it stands in the code once; how to name it; and the lines of documentation.
fn picture(analysis: &Analysis<'_>, sound: bool) -> (TokenStream, TokenStream, TokenStream) {
    if !sound {
        return (TokenStream::new(), quote!(""), quote!(#[doc = ""]));
    }
    let svg = picture::svg(analysis);
    let name = format_ident!("__orch_svg_{}", analysis.workflow.name);
    (
        quote!(macro_rules! #name { () => { #svg }; }),
        quote!(#name!()),
        quote!(#[doc = ""] #[doc = #name!()] #[doc = ""]),
    )
}

/// Where a scope's values live.
fn slots(analysis: &Analysis<'_>, scope: ScopeId) -> TokenStream {
    let name = types::slots(scope);
    let mut fields = TokenStream::new();
    if scope == 0 {
        for (idx, input) in analysis.workflow.inputs.iter().enumerate() {
            let field = format_ident!("i{idx}");
            let ty = &input.ty;
            let slot = slot(analysis, Symbol::Input(idx));
            fields.extend(quote_spanned!(ty.span()=> #field: __p::#slot<#ty>,));
        }
    }
    for (idx, equation) in analysis.scopes[scope].scope.equations.iter().enumerate() {
        if let Rhs::For(_) = &equation.rhs {
            let held = format_ident!("h{idx}");
            fields.extend(quote!(#held: __p::Held,));
        }
        if !equation.rhs.is_node() {
            continue;
        }
        let field = format_ident!("n{idx}");
        let slot = slot(analysis, Symbol::Equation(scope, idx));
        fields.extend(match types::of_node(analysis, scope, idx) {
            Some(ty) => quote!(#field: __p::#slot<#ty>,),
            None if slot == "Moved" => quote!(#field: __p::MovedErased,),
            None => quote!(#field: __p::Erased,),
        });
        if let Rhs::Call(call) = &equation.rhs
            && call.repeat.is_some()
        {
            let state = format_ident!("t{idx}");
            let step = types::step(&call.tiers[0].callee, &types::alias(scope, idx, 0));
            fields.extend(quote!(
                #state: __p::TurnState<<<#step as __p::Step>::Output as __p::Turn>::State>,
            ));
        }
    }
    quote! {
        #[derive(::core::default::Default)]
        pub struct #name { #fields }
    }
}

fn slot(analysis: &Analysis<'_>, symbol: Symbol) -> syn::Ident {
    format_ident!(
        "{}",
        if analysis.is_moved(symbol) {
            "Moved"
        } else {
            "Slot"
        }
    )
}

/// The output and the error type.
fn results(output: &Output) -> (TokenStream, TokenStream) {
    match output {
        Output::Unit => (quote!(()), quote!(__p::AnyError)),
        Output::Plain(ty) => (quote!(#ty), quote!(__p::AnyError)),
        Output::Fallible(ty, error) => (quote!(#ty), quote!(#error)),
        Output::Alias(ty) => (
            quote!(<#ty as __p::ResultType>::Ok),
            quote!(<#ty as __p::ResultType>::Err),
        ),
    }
}

/// `Name::run`.
fn run(analysis: &Analysis<'_>) -> TokenStream {
    let workflow = analysis.workflow;
    let name = &workflow.name;
    let names: Vec<_> = workflow.inputs.iter().map(|input| &input.name).collect();
    let types: Vec<&Type> = workflow.inputs.iter().map(|input| &input.ty).collect();
    let (output, error) = results(&workflow.output);
    let (input, pack) = match names.as_slice() {
        [] => (quote!(()), quote!(())),
        [only] => (quote!(#(#types)*), quote!(#only)),
        _ => (quote!((#(#types),*)), quote!((#(#names),*))),
    };
    quote! {
        impl #name {
            /// Runs the workflow to its end, without an orchestrator.
            ///
            /// # Errors
            /// If the run failed or ran out of time.
            pub fn run<'__orch>(#(#names: #types),*)
                -> impl ::core::future::Future<Output = ::core::result::Result<#output, __p::RunError<#error>>>
                    + ::core::marker::Send
            where
                Self: __p::RunsAlone<'__orch>,
            {
                __p::run::<Self>(#pack)
            }

            #[doc(hidden)]
            pub fn __orch_input(#(#names: #types),*) -> #input { #pack }
        }
    }
}

/// Everything of a sound workflow that is not a node's function.
fn whole(analysis: &Analysis<'_>, svg: &TokenStream) -> TokenStream {
    let workflow = analysis.workflow;
    let name = &workflow.name;
    let plan = (spec::scopes(analysis), spec::workflow(analysis, svg));
    let (scopes, spec) = (plan.0, plan.1);
    let table = node::table(analysis, 0);
    let finish = bind::tail(analysis, 0);
    let implementation = implementation(analysis, &finish, &quote!(&__ORCH_PROGRAM));
    let checks = checks(analysis);
    quote! {
        #scopes
        #spec
        static __ORCH_PROGRAM: __p::Program = __p::Program::new(&__ORCH_SPEC, #table);

        impl #name {
            /// The workflow's graph as data.
            pub const GRAPH: __p::Graph = __p::Graph::of(&__ORCH_SPEC);
        }

        #implementation
        #checks
    }
}

/// What takes the place of a workflow with mistakes: the same types, and nothing that runs.
fn stand_in(analysis: &Analysis<'_>) -> TokenStream {
    let name = &analysis.workflow.name;
    let text = name.to_string();
    let tail = if analysis.scopes[0].tail_unwritable {
        quote!(::core::unreachable!())
    } else {
        bind::tail(analysis, 0)
    };
    let implementation = implementation(analysis, &tail, &quote!(&__ORCH_PROGRAM));
    quote! {
        const __ORCH_SCOPE: __p::ScopeSpec = __p::ScopeSpec { nodes: &[], result: &[] };
        static __ORCH_SPEC: __p::WorkflowSpec = __p::WorkflowSpec::new(#text, &__ORCH_SCOPE);
        static __ORCH_PROGRAM: __p::Program =
            __p::Program::new(&__ORCH_SPEC, __p::ScopeCode { spec: &__ORCH_SCOPE, nodes: &[] });

        impl #name {
            /// The workflow's graph as data.
            pub const GRAPH: __p::Graph = __p::Graph::of(&__ORCH_SPEC);
        }

        #implementation
    }
}

fn implementation(
    analysis: &Analysis<'_>,
    finish: &TokenStream,
    program: &TokenStream,
) -> TokenStream {
    let workflow = analysis.workflow;
    let cx = types::cx();
    let name = &workflow.name;
    let text = name.to_string();
    let slots = types::slots(0);
    let (output, error) = results(&workflow.output);
    let fields: Vec<_> = (0..workflow.inputs.len())
        .map(|idx| format_ident!("i{idx}"))
        .collect();
    let types: Vec<&Type> = workflow.inputs.iter().map(|input| &input.ty).collect();
    let (input, unpack) = match fields.as_slice() {
        [] => (quote!(()), quote!(())),
        [only] => (quote!(#(#types)*), quote!(#only)),
        _ => (quote!((#(#types),*)), quote!((#(#fields),*))),
    };
    let rest = quote!(..::core::default::Default::default());
    let Wants {
        list,
        nothing,
        workflows,
    } = wants(analysis);
    let finite = workflows
        .iter()
        .map(|path| quote_spanned!(path.span()=> #path: __p::ContainsNoCycle));
    // What is wrong with the result is said about the type that the user wrote.
    let given = quote_spanned!(output.span()=> Self::Output);
    let source = match workflow.output {
        Output::Fallible(..) | Output::Alias(_) => quote! {
            #[allow(unused_imports)]
            use __p::{SourceOfError as _, SourceOfLent as _, SourceOfWords as _};
            (&&&__p::SourceProbe(error)).source_of()
        },
        _ => quote!(__p::any_source(error)),
    };
    quote! {
        impl __p::Workflow for #name {
            type Input = #input;
            type Output = #output;
            type Error = #error;
            type Slots = #slots;

            fn needs(list: &mut __p::Vec<__p::Resource>) { #list }

            fn program() -> &'static __p::Program { #program }

            fn open(#unpack: Self::Input) -> Self::Slots {
                #slots { #(#fields: ::core::convert::From::from(#fields),)* #rest }
            }

            fn finish(#cx: &__p::Cx) -> #given { #finish }

            fn source(
                error: &Self::Error,
            ) -> ::core::option::Option<&(dyn ::core::error::Error + 'static)> {
                #source
            }
        }

        impl __p::Step for #name {
            type Output = #output;
            type Error = __p::RunError<#error>;
            type Kind = __p::Fallible;
            type Reuse = __p::Once;
            type Needs = ();
            const SPEC: __p::StepSpec = __p::StepSpec {
                fallible: true, asynchronous: true, ..__p::StepSpec::new(#text)
            };
        }

        impl<'__orch> __p::RunsAlone<'__orch> for #name where #nothing {}

        impl __p::ContainsNoCycle for #name where #(#finite),* {}
    }
}

/// What the steps and workflows inside want.
struct Wants {
    /// Adds each resource to a list.
    list: TokenStream,
    /// That none is wanted, as bounds.
    nothing: TokenStream,
    /// The workflows among them.
    workflows: Vec<TokenStream>,
}

fn wants(analysis: &Analysis<'_>) -> Wants {
    let mut wants = Wants {
        list: TokenStream::new(),
        nothing: TokenStream::new(),
        workflows: Vec::new(),
    };
    let mut seen = Vec::new();
    for (alias, tier) in tiers(analysis) {
        let path = tier.callee.path();
        if seen.contains(&path) {
            continue;
        }
        seen.push(path);
        match &tier.callee {
            Callee::Step(_) => {
                wants.list.extend(
                    quote!(<<#alias<'static> as __p::Step>::Needs as __p::Needs>::list(list);),
                );
                wants
                    .nothing
                    .extend(quote!(<#alias<'__orch> as __p::Step>::Needs: __p::NeedsNothing,));
            }
            Callee::Workflow(path) => {
                let span = path.span();
                wants
                    .list
                    .extend(quote!(<#alias as __p::Workflow>::needs(list);));
                wants
                    .nothing
                    .extend(quote!(#alias: __p::RunsAlone<'__orch>,));
                wants.workflows.push(quote_spanned!(span=> #path));
            }
        }
    }
    wants
}

fn tiers<'a>(analysis: &'a Analysis<'_>) -> Vec<(syn::Ident, &'a Tier)> {
    let mut tiers = Vec::new();
    for (scope, equation) in each_node(analysis) {
        if let Rhs::Call(call) = &analysis.equation(scope, equation).rhs
            && !analysis.scopes[scope].unwritable[equation]
        {
            for (idx, tier) in call.tiers.iter().enumerate() {
                tiers.push((types::alias(scope, equation, idx), tier));
            }
        }
    }
    tiers
}

/// What the compiler checks between a node and its step, as constants.
fn checks(analysis: &Analysis<'_>) -> TokenStream {
    let mut checks = TokenStream::new();
    for (scope, equation) in each_node(analysis) {
        let defined = analysis.equation(scope, equation);
        let Rhs::Call(call) = &defined.rhs else {
            continue;
        };
        let node = defined.options.policies.tokens();
        for (idx, tier) in call.tiers.iter().enumerate() {
            let alias = types::alias(scope, equation, idx);
            let step = types::step(&tier.callee, &alias);
            let span = tier.callee.path().span();
            let policies = node.clone().unwrap_or_else(|| quote!(Policies::NONE));
            if let Some(deadline) = &analysis.workflow.options.deadline {
                let deadline = duration(deadline.value);
                checks.extend(quote_spanned!(span=>
                    const _: () = { use __p::*; fits(&<#step as Step>::SPEC, #policies, #deadline) };
                ));
            }
            let own = &defined.options.policies;
            let retries = own.retries.as_ref().filter(|retries| retries.value > 0);
            let key = retries
                .map(|retries| &retries.key)
                .or(own.cached())
                .or(own.timeout.as_ref().map(|timeout| &timeout.key))
                .or(own.deadline.as_ref().map(|deadline| &deadline.key));
            if let (Some(key), Callee::Step(_)) = (key, &tier.callee) {
                let step = types::spanned(step.clone(), key.span());
                checks.extend(quote_spanned!(key.span()=>
                    const _: () = { use __p::*; suits(&<#step as Step>::SPEC, #policies) };
                ));
            }
        }
    }
    checks
}
