//! The functions of a scope's nodes, and the table of them.

mod row;

use proc_macro2::{Delimiter, Group, Literal, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::Ident;
use syn::spanned::Spanned as _;

pub(super) use self::row::row;
use super::super::analysis::{Analysis, Part, Reader, ScopeId};
use super::super::model::{
    Branch, BranchKind, Call, Callee, Equation, For, Length, Output, Rhs, Signal, Sleep, Test, Tier,
};
use super::bind::Binder;
use super::{types, value};
use crate::options::duration::tokens as duration;

/// The functions of a node.
pub(super) fn functions(analysis: &Analysis<'_>, scope: ScopeId, equation: usize) -> TokenStream {
    let node = Node {
        analysis,
        scope,
        equation,
    };
    match &node.equation().rhs {
        Rhs::Call(call) => node.call_function(call),
        Rhs::For(for_loop) => node.for_functions(for_loop),
        Rhs::Branch(branch) => node.branch_functions(branch),
        Rhs::Signal(signal) => node.signal_function(signal),
        Rhs::Sleep(sleep) => node.sleep_function(sleep),
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
        let (path, span) = (tier.callee.path(), tier.place);
        match &tier.callee {
            Callee::Step(_) => quote_spanned!(span=> type #alias<'__a> = #path<'__a>;),
            Callee::Workflow(_) => quote_spanned!(span=> type #alias = #path;),
        }
    });
    aliases.collect()
}

/// The table of a scope's nodes.
pub(super) fn table(analysis: &Analysis<'_>, scope: ScopeId) -> TokenStream {
    let spec = types::plan(scope);
    let nodes: TokenStream = analysis.scopes[scope]
        .order
        .iter()
        .map(|&equation| code(analysis, scope, equation))
        .collect();
    quote!(__p::ScopeCode { spec: &#spec, nodes: { use __p::NodeCode::*; &[#nodes] } })
}

/// A node's entry in its scope's table, with the comma after it.
fn code(analysis: &Analysis<'_>, scope: ScopeId, equation: usize) -> TokenStream {
    let function = types::function(scope, equation);
    let closing = types::closing_function(scope, equation);
    let inner = &analysis.scopes[scope].inner[equation];
    match &analysis.equation(scope, equation).rhs {
        Rhs::For(_) => {
            let (slots, body) = (types::slots(inner[0]), table(analysis, inner[0]));
            let given = types::is_given(analysis, inner[0]);
            let key = types::key_function(scope, equation);
            let key = if analysis.is_durable() {
                quote!(__p::Some(#key))
            } else {
                quote!(__p::None)
            };
            quote!(For {
                head: #function,
                open: __p::open::<#slots>,
                collect: #closing,
                given: #given,
                key: #key,
                body: &#body,
            },)
        }
        Rhs::Branch(_) => {
            let arms = inner.iter().map(|&arm| {
                let (slots, body) = (types::slots(arm), table(analysis, arm));
                quote!(__p::ArmCode { open: __p::open::<#slots>, body: #body })
            });
            quote!(Branch { head: #function, close: #closing, arms: &[#(#arms),*] },)
        }
        Rhs::Signal(_) => quote!(Signal(#function),),
        Rhs::Sleep(_) => quote!(Sleep(#function),),
        _ if types::is_recorded(analysis, scope, equation) => {
            let restoring = types::restoring_function(scope, equation);
            quote!(Recorded(#function, #restoring),)
        }
        _ => quote!(Call(#function),),
    }
}

/// A node whose functions are written.
#[derive(Clone, Copy)]
struct Node<'a, 'w> {
    analysis: &'a Analysis<'w>,
    scope: ScopeId,
    equation: usize,
}

impl<'a, 'w> Node<'a, 'w> {
    fn equation(self) -> &'w Equation {
        self.analysis.equation(self.scope, self.equation)
    }

    fn binder(self) -> Binder<'a, 'w> {
        let reader = Reader::Equation(self.equation, Part::Whole);
        Binder::new(self.analysis, self.scope, Some(reader))
    }

    /// The scope's slots, so many scopes further out.
    fn slots(self, levels: usize) -> TokenStream {
        let (cx, slots) = (types::cx(), types::slots(self.scope));
        let levels = Literal::usize_unsuffixed(levels);
        quote!(#cx.up::<#slots>(#levels))
    }

    /// The node's field of its scope's slots.
    fn field(self, slots: &TokenStream, letter: &str) -> TokenStream {
        let field = format_ident!("{letter}{}", self.equation);
        quote!(#slots.#field)
    }

    /// Where the node's value is put.
    fn slot(self, slots: &TokenStream) -> TokenStream {
        if types::is_given(self.analysis, self.scope) {
            let cx = types::cx();
            return quote!(__p::Given(#cx));
        }
        let field = format_ident!("n{}", self.equation);
        if types::may_be_absent(self.analysis, self.scope, self.equation) {
            quote!(__p::Present(&#slots.#field))
        } else {
            quote!(&#slots.#field)
        }
    }

    /// The alias of a tier's callee, where the user named it.
    fn alias(self, call: &Call, tier: usize) -> Ident {
        let mut alias = types::alias(self.scope, self.equation, tier);
        alias.set_span(call.tiers[tier].place);
        alias
    }

    fn call_function(self, call: &Call) -> TokenStream {
        let (cx, function) = (types::cx(), types::function(self.scope, self.equation));
        let steps = (0..call.tiers.len()).map(|tier| self.alias(call, tier));
        let last = call.tiers.len() - 1;
        let attempt = self.attempt(call, last);
        let attempt = if last == 0 {
            attempt
        } else {
            let tiers = (0..last).map(Literal::usize_unsuffixed);
            let attempts = (0..last).map(|tier| self.attempt(call, tier));
            quote!(match #cx.tier() { #(#tiers => { #attempts })* _ => { #attempt } })
        };
        let restoring = self.is_recorded().then(|| self.restoring_function(call));
        quote! {
            fn #function(#cx: __p::Cx) -> __p::Started {
                let #cx = __p::held(#cx);
                __p::start(#(__p::suspends::<#steps>())||*, async move { let #cx = &#cx; #attempt })
            }
            #restoring
        }
    }

    /// Who takes what an attempt moves.
    fn taker(self, call: &Call, tier: usize) -> TokenStream {
        match &self.equation().options.policies.retries {
            Some(retries) if retries.value > 0 => quote!(__p::Anew),
            _ => self.alias(call, tier).to_token_stream(),
        }
    }

    /// Whether a tier's failure becomes an error that the workflow declares.
    fn declared(self, call: &Call, tier: usize) -> bool {
        let output = &self.analysis.workflow.output;
        matches!(output, Output::Fallible(..) | Output::Alias(_)) && self.surfaces(call, tier)
    }

    fn is_recorded(self) -> bool {
        types::is_recorded(self.analysis, self.scope, self.equation)
    }

    /// What places a value that was recorded, whichever tier gave it.
    fn restoring_function(self, call: &Call) -> TokenStream {
        let cx = types::cx();
        let function = types::restoring_function(self.scope, self.equation);
        let (put, keep) = (self.put(&self.slots(0), call, 0), self.keep(call, 0));
        let restored = if call.repeat.is_some() {
            quote!(restore_turn(#cx, json, #keep, #put))
        } else {
            quote!(restore(json, #keep, #put))
        };
        quote!(fn #function(#cx: &__p::Cx, json: &str) -> __p::Restored { __p::#restored })
    }

    /// How what a tier gives is recorded; the compiler says it here if it cannot be, whoever asks.
    fn keep(self, call: &Call, tier: usize) -> TokenStream {
        let alias = self.alias(call, tier);
        let keep = if call.repeat.is_some() {
            "keep_turn"
        } else {
            "keep"
        };
        let keep = Ident::new(keep, alias.span());
        quote_spanned!(alias.span()=> __p::#keep::<#alias>())
    }

    /// One attempt of a tier.
    fn attempt(self, call: &Call, tier: usize) -> TokenStream {
        let (cx, span) = (types::cx(), call.tiers[tier].place);
        let mut binder = self.binder();
        binder.taker = self.taker(call, tier);
        // Looked up anew after the call: what is held across it would have to be proved `Send` in each node's future.
        let slots = self.slots(0);
        let called = self.called(&slots, call, tier, &mut binder);
        let lets = binder.lets();
        let called = self.decided(call, tier, called);
        let attempt = self.attempted(call, tier);
        let put = self.put(&slots, call, tier);
        let fallback = self.reached_fallback(call, tier);
        let keep = self.is_recorded().then(|| {
            let keep = self.keep(call, tier);
            quote!(#keep,)
        });
        quote_spanned!(span=> #fallback #lets #attempt(#called, #cx, #keep #put))
    }

    /// The call.
    fn called(
        self,
        slots: &TokenStream,
        call: &Call,
        tier: usize,
        binder: &mut Binder<'_, '_>,
    ) -> TokenStream {
        let Tier { callee, place, .. } = &call.tiers[tier];
        let (cx, alias) = (types::cx(), self.alias(call, tier));
        let arguments = self.arguments(slots, call, tier, binder);
        match callee {
            Callee::Step(_) => quote_spanned!(*place=> #alias { #cx }.call #arguments.await),
            Callee::Workflow(_) => {
                quote_spanned!(*place=> __p::child::<#alias>(#cx, #alias::__input #arguments).await)
            }
        }
    }

    /// The arguments in the parentheses that the user wrote, so that the compiler's fixes fit.
    fn arguments(
        self,
        slots: &TokenStream,
        call: &Call,
        tier: usize,
        binder: &mut Binder<'_, '_>,
    ) -> Group {
        let called = &call.tiers[tier];
        let mut arguments: Vec<TokenStream> =
            called.args.iter().map(|arg| binder.argument(arg)).collect();
        if let (Some(_), [first]) = (&call.repeat, arguments.as_mut_slice()) {
            let (cx, state, taker) = (types::cx(), self.field(slots, "t"), &binder.taker);
            let alias = self.alias(call, tier);
            *first = quote_spanned!(alias.span()=>
                __p::next::<#taker, #alias, _>(&#state, #cx, || #first)
            );
        }
        let mut group = Group::new(Delimiter::Parenthesis, quote!(#(#arguments),*));
        group.set_span(called.paren.span.join());
        group
    }

    /// What the call gives, with what the node decides about its errors.
    fn decided(self, call: &Call, tier: usize, called: TokenStream) -> TokenStream {
        let retry_if = self.equation().options.policies.retry_if.as_ref();
        let when = call.tiers[tier].when.as_ref();
        if retry_if.is_none() && when.is_none() {
            return called;
        }
        let retry_if = retry_if.map(|retry_if| {
            let path = &retry_if.value;
            quote_spanned!(path.span()=> retry_if: __p::Some(|__error| __p::IntoRetry::into_retry(#path(__error))),)
        });
        let when = when
            .map(|path| quote_spanned!(path.span()=> when: __p::Some(|__error| #path(__error)),));
        let alias = self.alias(call, tier);
        quote!(__p::over::<#alias>(#called, __p::Over { #retry_if #when ..__p::Over::NONE }))
    }

    /// What ends an attempt: of one whose failure is the workflow's it converts the error.
    fn attempted(self, call: &Call, tier: usize) -> TokenStream {
        let alias = self.alias(call, tier);
        let what = match (call.repeat.is_some(), self.is_recorded()) {
            (false, false) => "attempted",
            (false, true) => "recorded",
            (true, false) => "turned",
            (true, true) => "turn_recorded",
        };
        let inferred = call.repeat.as_ref().map(|_| quote!(, _));
        if self.declared(call, tier) {
            let (what, name) = (format_ident!("{what}_in"), &self.analysis.workflow.name);
            return quote_spanned!(alias.span()=> __p::#what::<#name, #alias #inferred>);
        }
        let what = format_ident!("{what}");
        quote_spanned!(alias.span()=> __p::#what::<#alias #inferred>)
    }

    /// Whether a tier's failure can be the node's, and the node's the run's.
    fn surfaces(self, call: &Call, tier: usize) -> bool {
        let last = tier + 1 == call.tiers.len();
        let handled = self.analysis.scopes[self.scope].handled[self.equation];
        !handled && (last || call.tiers[tier].when.is_some())
    }

    /// Where what a tier gives is put: of a fallback, it has to be what the first tier gives.
    fn put(self, slots: &TokenStream, call: &Call, tier: usize) -> TokenStream {
        let (slot, span) = (self.slot(slots), call.tiers[tier].place);
        if tier > 0 {
            let first = self.alias(call, 0);
            return quote_spanned!(span=> __p::InsteadOf::<__p::OutputOf<#first>, _>::new(#slot));
        }
        if call.repeat.is_none() {
            return slot;
        }
        let state = self.field(slots, "t");
        quote_spanned!(span=> __p::Turning(&#state, #slot))
    }

    /// That a tier can fail, where a fallback comes after it and no option of the node can make it fail.
    fn reached_fallback(self, call: &Call, tier: usize) -> Option<TokenStream> {
        let word = call.tiers.get(tier + 1)?.or_else.as_ref()?;
        let policies = &self.equation().options.policies;
        let bounded = policies.timeout.is_some() || policies.deadline.is_some();
        let mut alias = self.alias(call, tier);
        alias.set_span(word.span());
        (!bounded).then(|| quote_spanned!(word.span()=> __p::fallback_is_reached::<#alias>();))
    }

    fn for_functions(self, for_loop: &For) -> TokenStream {
        let cx = types::cx();
        let function = types::function(self.scope, self.equation);
        let closing = types::closing_function(self.scope, self.equation);
        let mut binder = self.binder();
        let head = binder.argument_in_head(&for_loop.head);
        let lets = binder.lets();
        let fan = types::fan(&for_loop.head, &self.field(&self.slots(0), "h"), &head);
        let slot = self.slot(&self.slots(0));
        let body = self.analysis.scopes[self.scope].inner[self.equation][0];
        let item = if types::is_given(self.analysis, body) {
            let value = types::of_tail(self.analysis, body).map(types::NodeType::tokens);
            quote!(__p::value_of::<#value>())
        } else {
            value::tail(self.analysis, body)
        };
        let tolerant = self.equation().options.tolerate.is_some();
        let collect = format_ident!(
            "{}",
            if tolerant {
                "collect_results"
            } else {
                "collect"
            }
        );
        let durable = self.analysis.is_durable();
        let key = durable.then(|| self.key_function(for_loop, body));
        quote! {
            fn #function(#cx: &__p::Cx) -> usize { #lets #fan.hold() }
            fn #closing(#cx: &__p::Cx, __items: &__p::Items) {
                __p::#collect(__items, || #slot, |#cx| { #item });
            }
            #key
        }
    }

    /// What tells an item from others when the run is taken up again: its own key, or a digest.
    fn key_function(self, for_loop: &For, body: ScopeId) -> TokenStream {
        let cx = types::cx();
        let function = types::key_function(self.scope, self.equation);
        let mut binder = Binder::new(self.analysis, body, Some(Reader::Tail));
        let key = match &self.equation().options.key {
            Some(key) => {
                let span = key.value.span();
                let key = binder.expression(&key.value);
                quote_spanned!(span=> __p::item_key(&(#key)))
            }
            None => {
                let item = binder.item(body);
                quote_spanned! {for_loop.head.span()=>
                    let __item = &*#item;
                    __p::item_digest(__item)
                }
            }
        };
        let lets = binder.lets();
        quote!(fn #function(#cx: &__p::Cx) -> __p::ItemKey { #lets #key })
    }

    fn signal_function(self, signal: &Signal) -> TokenStream {
        let (cx, function) = (types::cx(), types::function(self.scope, self.equation));
        let (ty, slot) = (&signal.carries, self.slot(&self.slots(0)));
        let received = quote_spanned!(ty.span()=> __p::received::<#ty>);
        quote! {
            fn #function(#cx: &__p::Cx, json: __p::Option<&str>) -> __p::Restored { #received(json, #slot) }
        }
    }

    fn sleep_function(self, sleep: &Sleep) -> TokenStream {
        let (cx, function) = (types::cx(), types::function(self.scope, self.equation));
        let length = match &sleep.length {
            Length::Written(length) => {
                let length = duration(length.value);
                quote!(use __p::plan::*; #length)
            }
            Length::Computed(length) => {
                // With the macro's hygiene, so that lints leave it alone.
                let span = length.span().resolved_at(Span::mixed_site());
                let mut binder = self.binder();
                let length = binder.expression(length);
                let lets = binder.lets();
                quote_spanned!(span=> #lets let __length: __p::Duration = #length; __length)
            }
        };
        quote!(fn #function(#cx: &__p::Cx) -> __p::Duration { #length })
    }

    fn branch_functions(self, branch: &Branch) -> TokenStream {
        let cx = types::cx();
        let function = types::function(self.scope, self.equation);
        let closing = types::closing_function(self.scope, self.equation);
        let mut binder = self.binder();
        let head = match &branch.kind {
            BranchKind::If(_) => conditions(&mut binder, branch),
            BranchKind::Match(_, value) => patterns(&mut binder, branch, value),
        };
        let lets = binder.lets();
        let arms = &self.analysis.scopes[self.scope].inner[self.equation];
        let value = value::arms(self.analysis, arms, &quote!(__taken));
        let slot = self.slot(&self.slots(1));
        quote! {
            fn #function(#cx: &__p::Cx) -> __p::Option<usize> { #lets #head }
            fn #closing(#cx: &__p::Cx, __taken: usize) { __p::Put::put(&#slot, #value); }
        }
    }
}

/// `if … { Some(0) } else if … { Some(1) } else { … }`
fn conditions(binder: &mut Binder<'_, '_>, branch: &Branch) -> TokenStream {
    let mut tokens = TokenStream::new();
    for (idx, arm) in branch.arms.iter().enumerate() {
        let idx = Literal::usize_unsuffixed(idx);
        match &arm.test {
            Test::Cond(cond) => {
                let cond = binder.expression(cond);
                tokens.extend(quote!(if #cond { __p::Some(#idx) } else));
            }
            _ => tokens.extend(quote!({ __p::Some(#idx) })),
        }
    }
    if branch.partial {
        tokens.extend(quote!({ __p::None }));
    }
    tokens
}

/// `match … { … => Some(0), … => Some(1) }`
fn patterns(binder: &mut Binder<'_, '_>, branch: &Branch, value: &syn::Expr) -> TokenStream {
    let value = binder.expression(value);
    let arms = branch.arms.iter().enumerate().map(|(idx, arm)| {
        let idx = Literal::usize_unsuffixed(idx);
        let pat = match &arm.test {
            Test::Pat(pat) => guarded(binder, pat),
            _ => quote!(_),
        };
        quote!(#pat => __p::Some(#idx),)
    });
    let arms: TokenStream = arms.collect();
    quote!(match #value { #arms })
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
