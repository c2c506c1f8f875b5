//! The functions of a scope's nodes, and the table of them.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Ident;
use syn::spanned::Spanned as _;

use super::super::analysis::{Analysis, Part, Reader, ScopeId};
use super::super::model::{Branch, BranchKind, Call, Callee, For, Output, Rhs, Test, Tier};
use super::bind::{self, Binder};
use super::types;

/// The name of a node's function.
fn function(scope: ScopeId, equation: usize) -> Ident {
    format_ident!("__orch_n{scope}_{equation}")
}

/// The functions of a node.
pub(super) fn functions(analysis: &Analysis<'_>, scope: ScopeId, equation: usize) -> TokenStream {
    match &analysis.equation(scope, equation).rhs {
        Rhs::Call(call) => call_functions(analysis, scope, equation, call),
        Rhs::For(for_loop) => for_functions(analysis, scope, equation, for_loop),
        Rhs::Branch(branch) => branch_functions(analysis, scope, equation, branch),
        Rhs::View(_) | Rhs::Broken => TokenStream::new(),
    }
}

/// The steps and workflows that a node calls, each under a name that says so at the path the user wrote.
pub(super) fn aliases(analysis: &Analysis<'_>, scope: ScopeId, equation: usize) -> TokenStream {
    let Rhs::Call(call) = &analysis.equation(scope, equation).rhs else {
        return TokenStream::new();
    };
    let aliases = call.tiers.iter().enumerate().map(|(idx, tier)| {
        let alias = types::alias(scope, equation, idx);
        let path = tier.callee.path();
        let span = path.span();
        match &tier.callee {
            Callee::Step(_) => quote_spanned!(span=> type #alias<'__orch> = #path<'__orch>;),
            Callee::Workflow(_) => quote_spanned!(span=> type #alias = #path;),
        }
    });
    aliases.collect()
}

/// A node's entry in its scope's table.
pub(super) fn code(analysis: &Analysis<'_>, scope: ScopeId, equation: usize) -> TokenStream {
    let function = function(scope, equation);
    let inner = &analysis.scopes[scope].inner[equation];
    match &analysis.equation(scope, equation).rhs {
        Rhs::For(_) => {
            let collect = format_ident!("{function}c");
            let body = table(analysis, inner[0]);
            let slots = types::slots(inner[0]);
            quote!(__p::NodeCode::For {
                head: #function,
                open: __p::open::<#slots>,
                collect: #collect,
                body: &#body,
            })
        }
        Rhs::Branch(_) => {
            let close = format_ident!("{function}c");
            let arms = inner.iter().map(|&arm| {
                let (slots, body) = (types::slots(arm), table(analysis, arm));
                quote!(__p::ArmCode { open: __p::open::<#slots>, body: #body })
            });
            quote!(__p::NodeCode::Branch { head: #function, close: #close, arms: &[#(#arms),*] })
        }
        _ => quote!(__p::NodeCode::Call(#function)),
    }
}

/// The table of a scope's nodes.
pub(super) fn table(analysis: &Analysis<'_>, scope: ScopeId) -> TokenStream {
    let spec = super::spec::scope_name(scope);
    let nodes = analysis.scopes[scope]
        .order
        .iter()
        .map(|&equation| code(analysis, scope, equation));
    quote!(__p::ScopeCode { spec: &#spec, nodes: &[#(#nodes),*] })
}

fn call_functions(
    analysis: &Analysis<'_>,
    scope: ScopeId,
    equation: usize,
    call: &Call,
) -> TokenStream {
    let cx = types::cx();
    let function = function(scope, equation);
    let asynchronous = call.tiers.iter().enumerate().map(|(idx, tier)| {
        let step = types::step(&tier.callee, &types::alias(scope, equation, idx));
        quote!(<#step as __p::Step>::SPEC.suspends())
    });
    let mut attempts: Vec<TokenStream> = (0..call.tiers.len())
        .map(|idx| attempt(analysis, scope, equation, call, idx))
        .collect();
    let last = attempts.pop().unwrap_or_default();
    let body = if attempts.is_empty() {
        last
    } else {
        let tiers = 0..attempts.len();
        quote!(match #cx.tier() { #(#tiers => { #attempts })* _ => { #last } })
    };
    quote! {
        fn #function(#cx: __p::Cx) -> __p::Started {
            __p::start(#(#asynchronous)||*, async move { let #cx = &#cx; #body })
        }
    }
}

fn attempt(
    analysis: &Analysis<'_>,
    scope: ScopeId,
    equation: usize,
    call: &Call,
    idx: usize,
) -> TokenStream {
    let cx = types::cx();
    let tier = &call.tiers[idx];
    let options = &analysis.equation(scope, equation).options;
    let alias = types::alias(scope, equation, idx);
    let step = types::step(&tier.callee, &alias);
    let mut binder = Binder::new(
        analysis,
        scope,
        Some(Reader::Equation(equation, Part::Whole)),
    );
    binder.reuse = match &options.policies.retries {
        Some(retries) if retries.value > 0 => quote!(__p::Anew),
        _ => quote!(<#step as __p::Step>::Reuse),
    };
    let mut args: Vec<TokenStream> = tier.args.iter().map(|arg| binder.argument(arg)).collect();
    let state = format_ident!("t{equation}");
    let slots = types::slots(scope);
    if call.repeat.is_some() && !args.is_empty() {
        let (reuse, first) = (&binder.reuse, args.remove(0));
        let span = tier
            .args
            .first()
            .map_or_else(Span::mixed_site, syn::spanned::Spanned::span);
        args.push(quote_spanned!(span=> #cx.up::<#slots>(0).#state.next::<#reuse>(#cx, || #first)));
    }
    let lets = binder.lets();
    let called = called(tier, &alias, &args);
    let called = quote!(#called.await);
    let called = match over(options, tier) {
        Some(over) => quote!(__p::over(#called, #over)),
        None => called,
    };
    let put = put(analysis, scope, equation, call, idx);
    let span = tier.callee.path().span();
    let raises = match (
        surfaces(analysis, scope, equation, call, idx),
        &analysis.workflow.output,
    ) {
        (true, Output::Fallible(..) | Output::Alias(_)) => {
            let name = &analysis.workflow.name;
            let attempt = if call.repeat.is_some() {
                quote!(turned_in)
            } else {
                quote!(attempted_in)
            };
            let more = if call.repeat.is_some() {
                quote!(, _)
            } else {
                quote!()
            };
            quote_spanned!(span=> __p::#attempt::<#name, #step #more>)
        }
        _ => {
            let attempt = if call.repeat.is_some() {
                quote!(turned)
            } else {
                quote!(attempted)
            };
            let more = if call.repeat.is_some() {
                quote!(, _)
            } else {
                quote!()
            };
            quote_spanned!(span=> __p::#attempt::<#step #more>)
        }
    };
    let dead = call
        .tiers
        .get(idx + 1)
        .and_then(|next| next.or_else.as_ref())
        .map(|word| {
            let bounded = options.policies.timeout.is_some() || options.policies.deadline.is_some();
            let span = word.span();
            let step = types::spanned(step.clone(), span);
            (!bounded).then(|| quote_spanned!(span=> __p::fallback_is_reached::<#step>();))
        });
    quote!(#dead #lets #raises(#cx, #called, #put))
}

/// Whether a tier's failure can be the node's, and the node's the run's.
fn surfaces(
    analysis: &Analysis<'_>,
    scope: ScopeId,
    equation: usize,
    call: &Call,
    idx: usize,
) -> bool {
    let last = idx + 1 == call.tiers.len();
    let handled = analysis.scopes[scope].handled[equation];
    !handled && (last || call.tiers[idx].when.is_some())
}

fn called(tier: &Tier, alias: &Ident, args: &[TokenStream]) -> TokenStream {
    let cx = types::cx();
    let mut arguments = TokenStream::new();
    let mut group =
        proc_macro2::Group::new(proc_macro2::Delimiter::Parenthesis, quote!(#(#args),*));
    group.set_span(tier.paren.span.join());
    quote::ToTokens::to_tokens(&group, &mut arguments);
    let span = tier.callee.path().span();
    let mut alias = alias.clone();
    alias.set_span(span);
    match &tier.callee {
        Callee::Step(_) => quote_spanned!(span=> #alias { __cx: #cx }.call #arguments),
        Callee::Workflow(_) => {
            let input = quote_spanned!(span=> #alias::__orch_input #arguments);
            quote_spanned!(span=> __p::child::<#alias>(#cx, #input))
        }
    }
}

/// What a node decides about errors over its step.
fn over(options: &super::super::options::NodeOptions, tier: &Tier) -> Option<TokenStream> {
    let retry_if = options.policies.retry_if.as_ref().map(|path| &path.value);
    if retry_if.is_none() && tier.when.is_none() {
        return None;
    }
    let retry_if = retry_if.map(|path| {
        let span = path.span();
        quote_spanned!(span=> retry_if: ::core::option::Option::Some(|error| __p::IntoRetry::into_retry(#path(error))),)
    });
    let when = tier.when.as_ref().map(|path| {
        let span = path.span();
        quote_spanned!(span=> when: ::core::option::Option::Some(|error| #path(error)),)
    });
    Some(quote!(__p::Over { #retry_if #when ..__p::Over::NONE }))
}

/// Where what a tier gives is put: of a fallback, it has to be what the first tier gives.
fn put(
    analysis: &Analysis<'_>,
    scope: ScopeId,
    equation: usize,
    call: &Call,
    tier: usize,
) -> TokenStream {
    let cx = types::cx();
    let (slots, slot) = (types::slots(scope), format_ident!("n{equation}"));
    let slot = quote!(&#cx.up::<#slots>(0).#slot);
    let slot = if types::may_be_absent(analysis, scope, equation) {
        quote!(__p::Present(#slot))
    } else {
        slot
    };
    if tier > 0 {
        let first = types::step(&call.tiers[0].callee, &types::alias(scope, equation, 0));
        return quote!(__p::InsteadOf::<<#first as __p::Step>::Output, _>::new(#slot));
    }
    if call.repeat.is_none() {
        return slot;
    }
    let state = format_ident!("t{equation}");
    quote!(__p::Turning(&#cx.up::<#slots>(0).#state, #slot))
}

fn for_functions(
    analysis: &Analysis<'_>,
    scope: ScopeId,
    equation: usize,
    for_loop: &For,
) -> TokenStream {
    let cx = types::cx();
    let function = function(scope, equation);
    let collect = format_ident!("{function}c");
    let mut binder = Binder::new(
        analysis,
        scope,
        Some(Reader::Equation(equation, Part::Whole)),
    );
    let head = binder.argument_in_head(&for_loop.head);
    let lets = binder.lets();
    let (slots, slot) = (types::slots(scope), format_ident!("n{equation}"));
    let held = format_ident!("h{equation}");
    let fan = types::fan(&for_loop.head, &quote!(#cx.up::<#slots>(0).#held), &head);
    let body = analysis.scopes[scope].inner[equation][0];
    let item = bind::tail(analysis, body);
    let slot = quote!(&#cx.up::<#slots>(0).#slot);
    let slot = if types::may_be_absent(analysis, scope, equation) {
        quote!(__p::Present(#slot))
    } else {
        slot
    };
    let tolerant = analysis
        .equation(scope, equation)
        .options
        .tolerate
        .is_some();
    let gather = if tolerant {
        quote!(collect_results)
    } else {
        quote!(collect)
    };
    quote! {
        fn #function(#cx: &__p::Cx) -> usize {
            #lets
            #fan.hold()
        }
        fn #collect(#cx: &__p::Cx, items: &__p::Items) {
            __p::#gather(items, #slot, |#cx| { #item });
        }
    }
}

fn branch_functions(
    analysis: &Analysis<'_>,
    scope: ScopeId,
    equation: usize,
    branch: &Branch,
) -> TokenStream {
    let cx = types::cx();
    let function = function(scope, equation);
    let close = format_ident!("{function}c");
    let mut binder = Binder::new(
        analysis,
        scope,
        Some(Reader::Equation(equation, Part::Whole)),
    );
    let head = match &branch.kind {
        BranchKind::If(_) => conditions(&mut binder, branch),
        BranchKind::Match(_, value) => {
            let value = binder.expression(value);
            let arms = branch.arms.iter().enumerate().map(|(idx, arm)| {
                let pat = match &arm.test {
                    Test::Pat(pat) => guarded(&mut binder, pat),
                    _ => quote!(_),
                };
                quote!(#pat => ::core::option::Option::Some(#idx),)
            });
            let arms: TokenStream = arms.collect();
            quote!(match #value { #arms })
        }
    };
    let lets = binder.lets();
    let (slots, slot) = (types::slots(scope), format_ident!("n{equation}"));
    let arms = &analysis.scopes[scope].inner[equation];
    let value = bind::arms(analysis, arms, &quote!(taken));
    let slot = quote!(&#cx.up::<#slots>(1).#slot);
    let slot = if types::may_be_absent(analysis, scope, equation) {
        quote!(__p::Present(#slot))
    } else {
        slot
    };
    quote! {
        fn #function(#cx: &__p::Cx) -> ::core::option::Option<usize> {
            #lets
            #head
        }
        fn #close(#cx: &__p::Cx, taken: usize) {
            __p::Put::put(&#slot, #value);
        }
    }
}

/// `if … { Some(0) } else if … { Some(1) } else { … }`
fn conditions(binder: &mut Binder<'_, '_>, branch: &Branch) -> TokenStream {
    let mut tokens = TokenStream::new();
    for (idx, arm) in branch.arms.iter().enumerate() {
        match &arm.test {
            Test::Cond(cond) => {
                let cond = binder.expression(cond);
                tokens.extend(quote!(if #cond { ::core::option::Option::Some(#idx) } else));
            }
            _ => tokens.extend(quote!({ ::core::option::Option::Some(#idx) })),
        }
    }
    if branch.partial {
        tokens.extend(quote!({ ::core::option::Option::None }));
    }
    tokens
}

/// A pattern with its guard over bindings.
fn guarded(binder: &mut Binder<'_, '_>, pat: &syn::Pat) -> TokenStream {
    let syn::Pat::Guard(guard) = pat else {
        return quote!(#pat);
    };
    let inner = &guard.pat;
    let bound = super::super::names::bound(inner);
    let test = binder.expression_under(&guard.guard, &bound);
    quote!(#inner if #test)
}
