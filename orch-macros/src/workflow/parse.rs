//! Reading a workflow: a header, and equations split at each `;`.
//!
//! A mistake in one equation leaves the others understood.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Attribute, Expr, Ident, Pat, Token, Type, Visibility, braced, parenthesized};

use super::model::{
    Arm, Branch, BranchKind, Call, Callee, Equation, For, Input, Output, Repeat, Rhs, Scope, Test,
    Tier, Workflow,
};
use super::names;
use super::options::{NodeOptions, WorkflowOptions};
use crate::diagnostics::Errors;
use crate::options::{OptionList, duration, value};
use crate::{text, types};

/// Reads a workflow. `None` when its header cannot be read; what is wrong is in `errors`.
pub(crate) fn workflow(tokens: TokenStream, errors: &mut Errors) -> Option<Workflow> {
    let header = |input: ParseStream<'_>| Header::parse(input);
    let end = end_of(&tokens);
    let header = errors.accept(header.parse2(tokens).map_err(|error| at_end(error, end)))?;
    let (options, attrs) = WorkflowOptions::take(header.attrs, errors);
    let name = header.name.to_string();
    if !name.starts_with(char::is_uppercase) {
        errors.at(
            &header.name,
            format!(
                "a workflow is a type: name it in camel case, `{}`",
                camel(&name)
            ),
        );
    }
    let mut body = scope(header.body, errors);
    let declares = header.output.is_some();
    let declared = header.output.filter(|ty| owns(ty, errors));
    body.tail_broken |= declares && declared.is_none();
    let output = output(declared);
    Some(Workflow {
        attrs,
        options,
        vis: header.vis,
        name: header.name,
        inputs: inputs(header.inputs, errors),
        output,
        body,
    })
}

fn camel(name: &str) -> String {
    name.split('_')
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map_or_else(String::new, |first| {
                first.to_uppercase().chain(letters).collect()
            })
        })
        .collect()
}

struct Header {
    attrs: Vec<Attribute>,
    vis: Visibility,
    name: Ident,
    inputs: TokenStream,
    output: Option<Type>,
    body: TokenStream,
}

impl Parse for Header {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.is_empty() {
            return Err(input.error(
                "a workflow is written `pub Name(input: Type) -> Output { name = step(&input); … }`",
            ));
        }
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        if input.peek(Token![fn]) || input.peek(Token![struct]) || input.peek(Token![async]) {
            return Err(input.error("leave this word out: a workflow is written `pub Name(input: Type) -> Output { … }`"));
        }
        if !input.peek(Ident) {
            return Err(input
                .error("the workflow's name comes here: `pub Name(input: Type) -> Output { … }`"));
        }
        let name = input.parse()?;
        if input.peek(Token![<]) {
            return Err(input.error(
                "a workflow cannot be generic, as its plan is one constant: declare one for each type",
            ));
        }
        if !input.peek(syn::token::Paren) {
            return Err(input.error(
                "the inputs come here, in parentheses: `(order: Order)`, or `()` for none",
            ));
        }
        let inputs;
        parenthesized!(inputs in input);
        let inputs = inputs.parse()?;
        let output = if input.peek(Token![->]) {
            input.parse::<Token![->]>()?;
            Some(input.call(Type::without_plus)?)
        } else {
            None
        };
        if !input.peek(syn::token::Brace) {
            return Err(input.error("the equations come here, in braces"));
        }
        let body;
        braced!(body in input);
        let body = body.parse()?;
        if !input.is_empty() {
            return Err(input.error(
                "there is more after the workflow's braces: one `workflow!` declares one workflow",
            ));
        }
        Ok(Self {
            attrs,
            vis,
            name,
            inputs,
            output,
            body,
        })
    }
}

fn inputs(tokens: TokenStream, errors: &mut Errors) -> Vec<Input> {
    let mut inputs: Vec<Input> = Vec::new();
    for piece in split(tokens, ',').into_iter().map(|piece| piece.tokens) {
        if piece.is_empty() {
            continue;
        }
        let input = |input: ParseStream<'_>| {
            if input.peek(Token![&]) || input.peek(Token![self]) || input.peek(Token![mut]) {
                return Err(
                    input.error("an input is written `name: Type`; a workflow owns its inputs")
                );
            }
            let name: Ident = input.parse()?;
            if !input.peek(Token![:]) {
                return Err(syn::Error::new(
                    name.span(),
                    format!("the type of `{name}` is missing: write `{name}: Type`"),
                ));
            }
            input.parse::<Token![:]>()?;
            let ty: Type = input.parse()?;
            if let Some(opaque) = types::opaque(&ty) {
                return Err(syn::Error::new_spanned(
                    opaque,
                    "an input has one type, which a plan can list: write it instead of `impl`",
                ));
            }
            if let Some(borrowed) = types::borrowed(&ty).into_iter().next() {
                return Err(syn::Error::new_spanned(
                    borrowed,
                    "a workflow owns its inputs: take the value itself, and lend it to steps as `&name`",
                ));
            }
            Ok(Input { name, ty })
        };
        let end = end_of(&piece);
        let input = input.parse2(piece).map_err(|error| at_end(error, end));
        let Some(input) = errors.accept(input) else {
            continue;
        };
        if inputs.iter().any(|earlier| earlier.name == input.name) {
            errors.at(
                &input.name,
                format!("there are two inputs named `{}`", input.name),
            );
        } else {
            inputs.push(input);
        }
    }
    inputs
}

/// Whether an output's type can be named by others and owns its data.
fn owns(ty: &Type, errors: &mut Errors) -> bool {
    let (mistakes, clean) = (types::borrowed(ty), types::opaque(ty));
    let owns = mistakes.is_empty() && clean.is_none();
    if let Some(opaque) = clean {
        errors.at(
            opaque,
            "a workflow's output has a type that others can name: write it, or a `Box<dyn …>`",
        );
    }
    for place in mistakes {
        errors.at(
            place,
            "a workflow's output outlives its run: give an owned value, such as `String` for `&str`",
        );
    }
    owns
}

fn output(ty: Option<Type>) -> Output {
    let Some(ty) = ty else { return Output::Unit };
    let Type::Path(path) = &ty else {
        return Output::Plain(Box::new(ty));
    };
    let Some(last) = path
        .path
        .segments
        .last()
        .filter(|last| last.ident == "Result")
    else {
        return Output::Plain(Box::new(ty));
    };
    let syn::PathArguments::AngleBracketed(generics) = &last.arguments else {
        return Output::Alias(Box::new(ty));
    };
    let types: Vec<&Type> = generics
        .args
        .iter()
        .filter_map(|argument| match argument {
            syn::GenericArgument::Type(ty) => Some(ty),
            _ => None,
        })
        .collect();
    match types.as_slice() {
        [value, error] => Output::Fallible(Box::new((*value).clone()), Box::new((*error).clone())),
        _ => Output::Alias(Box::new(ty)),
    }
}

/// A stretch of tokens, and the separator that ended it.
struct Piece {
    tokens: TokenStream,
    end: Option<Span>,
}

/// The stretches between the separators outside of any delimiters.
fn split(tokens: TokenStream, separator: char) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut piece = TokenStream::new();
    let mut angle = 0_i32;
    let mut before = ' ';
    for token in tokens {
        if let TokenTree::Punct(punct) = &token {
            let character = punct.as_char();
            // A comma between angle brackets belongs to a type.
            match character {
                '<' if separator == ',' => angle += 1,
                '>' if separator == ',' && before != '-' && before != '=' => angle -= 1,
                _ => {}
            }
            before = character;
            if character == separator && angle <= 0 {
                pieces.push(Piece {
                    tokens: std::mem::take(&mut piece),
                    end: Some(punct.span()),
                });
                continue;
            }
        } else {
            before = ' ';
        }
        piece.extend([token]);
    }
    if !piece.is_empty() {
        pieces.push(Piece {
            tokens: piece,
            end: None,
        });
    }
    pieces
}

/// Where tokens end.
fn end_of(tokens: &TokenStream) -> Option<Span> {
    tokens.clone().into_iter().last().map(|token| token.span())
}

/// An error of input that ended too early is where it ended, and not everywhere.
fn at_end(error: syn::Error, end: Option<Span>) -> syn::Error {
    match (
        error.to_string().strip_prefix("unexpected end of input, "),
        end,
    ) {
        (Some(rest), Some(end)) if rest.starts_with("expected") => {
            syn::Error::new(end, format!("something is missing here: {rest}"))
        }
        (Some(rest), Some(end)) => syn::Error::new(end, rest),
        (Some(rest), None) => syn::Error::new(error.span(), rest),
        (None, _) => error,
    }
}

/// Reads the equations of a body, and its result.
fn scope(tokens: TokenStream, errors: &mut Errors) -> Scope {
    let mut scope = Scope::default();
    for piece in split(tokens, ';') {
        let mut rest = piece.tokens;
        while !rest.is_empty() {
            rest = statement(&mut scope, rest, piece.end, errors);
        }
    }
    scope
}

/// Reads one equation or the result, and gives what comes after it: a block needs no `;`.
fn statement(
    scope: &mut Scope,
    tokens: TokenStream,
    end: Option<Span>,
    errors: &mut Errors,
) -> TokenStream {
    let mut understood = None;
    let parser = |input: ParseStream<'_>| {
        let attrs = input.call(Attribute::parse_outer)?;
        let name = name(input, errors)?;
        understood = Some((attrs, name.clone()));
        if input.is_empty() {
            return Err(input.error("there is nothing on the right of the `=`: write a step call, a control form or an expression"));
        }
        let rhs = right_side(input, errors, 0)?;
        let block = matches!(rhs, Right::Rhs(Rhs::For(_) | Rhs::Branch(_)));
        let ends_in_block = block && name.is_none();
        if !input.is_empty() && !ends_in_block {
            let error = trailing(input);
            if !(input.peek(Ident) && input.peek2(Token![=])) {
                return Err(error);
            }
            // The next equation begins here, so only the `;` is missing.
            errors.push(error);
        }
        Ok((rhs, input.parse::<TokenStream>()?))
    };
    let ended = end.or_else(|| end_of(&tokens));
    let gives_result = matches!(tokens.clone().into_iter().next(), Some(TokenTree::Ident(word)) if word == "return");
    let parsed = parser.parse2(tokens).map_err(|error| at_end(error, ended));
    let (attrs, name) = understood.unwrap_or_default();
    let options = NodeOptions::take(attrs, errors);
    let (right, rest) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            errors.push(error);
            match name {
                Some(ident) => scope.equations.push(Equation {
                    ident,
                    named: true,
                    options,
                    rhs: Rhs::Broken,
                }),
                None => scope.tail_broken |= end.is_none() || gives_result,
            }
            return TokenStream::new();
        }
    };
    place(
        scope,
        options,
        name,
        right,
        end.is_none() && rest.is_empty(),
        errors,
    );
    rest
}

fn trailing(input: ParseStream<'_>) -> syn::Error {
    if input.peek(Token![?]) {
        return input.error("results are unwrapped by themselves: leave the `?` out");
    }
    input.error("expected `;` here: each equation ends with one")
}

/// Reads `name =`.
fn name(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Option<Ident>> {
    if input.peek(Token![let]) {
        errors.push(input.error(
            "equations have no `let`: write `name = step(…);`; a name may be used above its definition",
        ));
        input.parse::<Token![let]>()?;
        input.parse::<Option<Token![mut]>>()?;
    } else if input.peek(Ident) && input.peek2(Token![:]) && !input.peek2(Token![::]) {
        let ahead = input.fork();
        ahead.parse::<Ident>()?;
        errors.push(ahead.error(
            "an equation has no type of its own, as its step says it: write `name = step(…);`",
        ));
    }
    if input.peek(Ident) && input.peek2(Token![:]) && !input.peek2(Token![::]) {
        let name = input.parse()?;
        input.parse::<Token![:]>()?;
        input.parse::<Type>()?;
        input.parse::<Token![=]>()?;
        return Ok(Some(name));
    }
    if input.peek(Token![return]) {
        return Err(input.error(
            "a workflow has no `return`: its result is the last expression, without a `;`",
        ));
    }
    if input.peek(Token![_]) && input.peek2(Token![=]) {
        return Err(input.error("a call that nobody reads needs no name: leave out `_ =`"));
    }
    if !(input.peek(Ident) && input.peek2(Token![=]))
        || input.peek2(Token![==])
        || input.peek2(Token![=>])
    {
        return Ok(None);
    }
    let name: Ident = input.parse()?;
    input.parse::<Token![=]>()?;
    Ok(Some(name))
}

/// What may stand on the right of an equation.
enum Right {
    Rhs(Rhs),
    /// A control form whose head is a step call: the call is a node of its own.
    Headed(Box<(Call, Rhs)>),
}

fn right_side(input: ParseStream<'_>, errors: &mut Errors, depth: usize) -> syn::Result<Right> {
    if depth > 32 {
        return Err(input.error("control forms are nested too deeply: give an inner one a name, or a workflow of its own"));
    }
    if input.peek(Token![for]) {
        return for_loop(input, errors);
    }
    if input.peek(Token![if]) {
        return if_chain(input, errors);
    }
    if input.peek(Token![match]) {
        return match_arms(input, errors);
    }
    if input.peek(Token![while]) || input.peek(Token![loop]) {
        return Err(input.error(
            "a workflow has no loops of unknown length: `for` fans out over items, and `turn(state).repeat(max = 20)` goes on until the step breaks",
        ));
    }
    if input.peek(Token![let]) || input.peek(Token![return]) {
        name(input, errors)?;
    }
    let expr: Expr = input.parse()?;
    expression(expr, errors).map(Right::Rhs)
}

/// Tells a call from a view.
fn expression(expr: Expr, errors: &mut Errors) -> syn::Result<Rhs> {
    match expr {
        Expr::Paren(paren) => expression(*paren.expr, errors),
        Expr::Call(_) | Expr::MethodCall(_) if is_call(&expr) => call(expr, errors).map(Rhs::Call),
        Expr::Await(wait) => {
            errors.push(syn::Error::new(wait.await_token.span(), names::AWAIT));
            expression(*wait.base, errors)
        }
        Expr::Try(attempt) => {
            errors.push(syn::Error::new(attempt.question_token.span(), names::TRY));
            expression(*attempt.expr, errors)
        }
        Expr::Assign(assign) => Err(syn::Error::new(
            assign.eq_token.span(),
            assigned(&assign.left),
        )),
        Expr::Binary(binary) if is_compound(&binary.op) => Err(syn::Error::new_spanned(
            binary.op,
            "equations are not assignments: give the new value a name of its own, as in `total = sum + 1`",
        )),
        view => Ok(Rhs::View(Box::new(view))),
    }
}

/// What is wrong with an assignment to this.
fn assigned(left: &Expr) -> &'static str {
    match left {
        Expr::Tuple(_) | Expr::Array(_) | Expr::Struct(_) | Expr::Call(_) => {
            "an equation defines one name: write `pair = …;`, and read its parts where they are wanted, `pair.0`"
        }
        Expr::Field(_) | Expr::Index(_) | Expr::Unary(_) => {
            "an equation defines a name and changes no value: write `name = …;`"
        }
        _ => "an equation has one name: write a second equation for the other",
    }
}

fn is_compound(op: &syn::BinOp) -> bool {
    use syn::BinOp::{
        AddAssign, BitAndAssign, BitOrAssign, BitXorAssign, DivAssign, MulAssign, RemAssign,
        ShlAssign, ShrAssign, SubAssign,
    };
    matches!(
        op,
        AddAssign(_)
            | SubAssign(_)
            | MulAssign(_)
            | DivAssign(_)
            | RemAssign(_)
            | BitAndAssign(_)
            | BitOrAssign(_)
            | BitXorAssign(_)
            | ShlAssign(_)
            | ShrAssign(_)
    )
}

/// Whether an expression is a step call or a workflow's run, with or without what may follow it.
pub(crate) fn is_call(expr: &Expr) -> bool {
    match expr {
        Expr::Call(call) => callee(&call.func).is_some(),
        Expr::MethodCall(call) => {
            let name = call.method.to_string();
            matches!(name.as_str(), "or_else" | "outcome" | "repeat") && is_call(&call.receiver)
        }
        Expr::Paren(paren) => is_call(&paren.expr),
        _ => false,
    }
}

/// The step or the workflow that a path calls: a snake-case path that is not a type's, or `Name::run`.
pub(crate) fn callee(func: &Expr) -> Option<Callee> {
    let Expr::Path(path) = func else { return None };
    if path.qself.is_some() {
        return None;
    }
    let segments = &path.path.segments;
    let last = segments.last()?;
    let owner = segments.iter().rev().nth(1);
    let is_type = |name: &Ident| name.unraw().to_string().starts_with(char::is_uppercase);
    if owner.is_some_and(|owner| is_primitive(&owner.ident)) {
        return None;
    }
    if owner.is_some_and(|owner| is_type(&owner.ident)) {
        if last.ident != "run" || !last.arguments.is_none() {
            return None;
        }
        let segments = segments.iter().take(segments.len() - 1).cloned();
        let workflow = syn::Path {
            leading_colon: path.path.leading_colon,
            segments: segments.collect(),
        };
        return Some(Callee::Workflow(workflow));
    }
    let builtin = segments.len() == 1 && is_primitive(&last.ident);
    (!is_type(&last.ident) && !builtin).then(|| Callee::Step(path.path.clone()))
}

fn is_primitive(name: &Ident) -> bool {
    const PRIMITIVES: [&str; 17] = [
        "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize",
        "f32", "f64", "bool", "char", "str",
    ];
    PRIMITIVES.iter().any(|primitive| name == primitive)
}

/// Reads a call and what follows it.
fn call(expr: Expr, errors: &mut Errors) -> syn::Result<Call> {
    match expr {
        Expr::Paren(paren) => call(*paren.expr, errors),
        Expr::Call(call) => {
            let Some(callee) = callee(&call.func) else {
                return Err(syn::Error::new_spanned(&call.func, "expected a step here"));
            };
            Ok(Call {
                tiers: vec![Tier {
                    callee,
                    paren: call.paren_token,
                    args: call.args,
                    or_else: None,
                    when: None,
                }],
                repeat: None,
                outcome: None,
            })
        }
        Expr::MethodCall(method) => {
            let mut inner = call(*method.receiver, errors)?;
            match method.method.to_string().as_str() {
                "or_else" => or_else(&mut inner, method.method, method.args, errors)?,
                "repeat" => repeat(
                    &mut inner,
                    method.method,
                    method.args.into_token_stream(),
                    errors,
                )?,
                _ => {
                    if let Some(argument) = method.args.first() {
                        errors.at(argument, "`.outcome()` takes nothing");
                    }
                    inner.outcome = Some(method.method);
                }
            }
            Ok(inner)
        }
        other => Err(syn::Error::new_spanned(other, "expected a step call here")),
    }
}

fn or_else(
    inner: &mut Call,
    word: Ident,
    args: Punctuated<Expr, Token![,]>,
    errors: &mut Errors,
) -> syn::Result<()> {
    if let Some(after) = inner
        .outcome
        .as_ref()
        .or(inner.repeat.as_ref().map(|repeat| &repeat.word))
    {
        return Err(syn::Error::new(
            word.span(),
            format!(
                "a fallback comes before `.{after}`: write `first(…).or_else(second(…)).{after}(…)`"
            ),
        ));
    }
    let mut args = args.into_iter();
    let Some(fallback) = args.next() else {
        return Err(syn::Error::new(
            word.span(),
            "the fallback is missing: write `.or_else(second(…))`",
        ));
    };
    if let Expr::Closure(closure) = &fallback {
        return Err(syn::Error::new_spanned(
            closure.inputs_begin,
            "a fallback is a step call, not a closure: write `.or_else(second(…))`",
        ));
    }
    if !is_call(&fallback) {
        return Err(syn::Error::new_spanned(
            fallback,
            "a fallback is a step call: write `.or_else(second(…))`",
        ));
    }
    for option in args {
        let condition = match &option {
            Expr::Assign(assign) if is_word(&assign.left, "when") => match &*assign.right {
                Expr::Path(path) => Some(path.path.clone()),
                _ => None,
            },
            _ => None,
        };
        match (condition, inner.tiers.last_mut()) {
            (Some(path), Some(tier)) => tier.when = Some(path),
            _ => errors.at(
                &option,
                "expected `when = path`, a function from the error to `bool`",
            ),
        }
    }
    let mut fallback = call(fallback, errors)?;
    if let Some(word) = fallback
        .outcome
        .as_ref()
        .or(fallback.repeat.as_ref().map(|repeat| &repeat.word))
    {
        errors.at(word, "this belongs after the whole chain");
    }
    if let Some(first) = fallback.tiers.first_mut() {
        first.or_else = Some(word);
    }
    inner.tiers.append(&mut fallback.tiers);
    Ok(())
}

fn is_word(expr: &Expr, word: &str) -> bool {
    matches!(expr, Expr::Path(path) if path.path.is_ident(word))
}

fn repeat(
    inner: &mut Call,
    word: Ident,
    args: TokenStream,
    errors: &mut Errors,
) -> syn::Result<()> {
    if inner.outcome.is_some() || inner.repeat.is_some() || inner.tiers.len() > 1 {
        return Err(syn::Error::new(
            word.span(),
            "`.repeat(…)` comes right after the step call that is repeated",
        ));
    }
    let list = OptionList::parse(
        args,
        "option of `.repeat(…)`",
        &["max", "every"],
        false,
        errors,
    );
    let (mut max, mut every) = (None, None);
    for given in &list.given {
        if given.key == "max" {
            let read = given.value("max = 20", |tokens| {
                value::positive(
                    tokens,
                    "a step that has no turn gives no value: write at least 1",
                )
            });
            max = Some(errors.accept(read).map_or(1, |read| read.value));
        } else {
            let read = given.value("every = \"30s\"", |tokens| {
                duration::nonzero(
                    tokens,
                    "turns that follow each other at once need no `every`: leave it out",
                )
            });
            every = errors.accept(read).map(|read| read.value);
        }
    }
    let Some(max) = max else {
        return Err(syn::Error::new(
            word.span(),
            "how often at most? write `.repeat(max = 20)`, so that it ends",
        ));
    };
    inner.repeat = Some(Repeat { word, max, every });
    Ok(())
}

fn for_loop(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Right> {
    let word: Token![for] = input.parse()?;
    let pat = Pat::parse_multi_with_leading_vert(input)?;
    if !input.peek(Token![in]) {
        return Err(
            input.error("expected `in` and what to run over: `for item in &order.items { … }`")
        );
    }
    input.parse::<Token![in]>()?;
    let head = input.call(Expr::parse_without_eager_brace)?;
    let body = block(input, errors)?;
    let (head, lifted) = lift(head, errors)?;
    let rhs = Rhs::For(Box::new(For {
        word: word.span(),
        pat,
        head,
        body,
    }));
    Ok(headed(rhs, lifted))
}

fn headed(rhs: Rhs, lifted: Option<Call>) -> Right {
    match lifted {
        Some(call) => Right::Headed(Box::new((call, rhs))),
        None => Right::Rhs(rhs),
    }
}

/// The name of the node that a head's step call becomes; `place` makes it that of its equation.
pub(crate) const HEAD: &str = "__orch_head";

/// Takes a step call out of a head, and leaves its name there.
fn lift(head: Expr, errors: &mut Errors) -> syn::Result<(Expr, Option<Call>)> {
    if !is_call(&head) {
        return Ok((head, None));
    }
    let ident = Ident::new(HEAD, head.span());
    let call = call(head, errors)?;
    Ok((syn::parse_quote!(#ident), Some(call)))
}

fn block(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Scope> {
    if !input.peek(syn::token::Brace) {
        return Err(input.error("expected a body in braces"));
    }
    let body;
    braced!(body in input);
    Ok(scope(body.parse()?, errors))
}

fn if_chain(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Right> {
    let word: Token![if] = input.parse()?;
    let cond = input.call(Expr::parse_without_eager_brace)?;
    let (cond, lifted) = lift(cond, errors)?;
    let mut arms = vec![Arm {
        test: Test::Cond(Box::new(cond)),
        body: block(input, errors)?,
    }];
    let mut partial = true;
    while input.peek(Token![else]) {
        input.parse::<Token![else]>()?;
        if !input.peek(Token![if]) {
            arms.push(Arm {
                test: Test::Else,
                body: block(input, errors)?,
            });
            partial = false;
            break;
        }
        input.parse::<Token![if]>()?;
        let mut cond = input.call(Expr::parse_without_eager_brace)?;
        if is_call(&cond) {
            errors.at(
                &cond,
                "a step in an `else if` would run even when it is not asked for: write `else { if … }`, or give it a name",
            );
            cond = syn::parse_quote!(true);
        }
        arms.push(Arm {
            test: Test::Cond(Box::new(cond)),
            body: block(input, errors)?,
        });
    }
    let rhs = Rhs::Branch(Branch {
        kind: BranchKind::If(word.span()),
        arms,
        partial,
    });
    Ok(headed(rhs, lifted))
}

fn match_arms(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Right> {
    let word: Token![match] = input.parse()?;
    let head = input.call(Expr::parse_without_eager_brace)?;
    let (mut head, lifted) = lift(head, errors)?;
    if lifted.is_some() {
        // Matched by reference, as a value that others may read.
        head = syn::parse_quote!(&#head);
    }
    let content;
    braced!(content in input);
    let mut arms = Vec::new();
    while !content.is_empty() {
        arms.push(match_arm(&content, errors)?);
    }
    let rhs = Rhs::Branch(Branch {
        kind: BranchKind::Match(word.span(), Box::new(head)),
        arms,
        partial: false,
    });
    Ok(headed(rhs, lifted))
}

fn match_arm(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Arm> {
    input.call(Attribute::parse_outer)?;
    let mut pat = Pat::parse_multi_with_leading_vert(input)?;
    if input.peek(Token![if]) {
        pat = Pat::Guard(syn::PatGuard {
            attrs: Vec::new(),
            pat: Box::new(pat),
            if_token: input.parse()?,
            guard: input.parse()?,
        });
    }
    input.parse::<Token![=>]>()?;
    let body = if input.peek(syn::token::Brace) {
        let body = block(input, errors)?;
        let _: Option<Token![,]> = input.parse()?;
        body
    } else {
        let mut tokens = TokenStream::new();
        while !input.is_empty() && !input.peek(Token![,]) {
            tokens.extend([input.parse::<TokenTree>()?]);
        }
        let _: Option<Token![,]> = input.parse()?;
        scope(tokens, errors)
    };
    Ok(Arm {
        test: Test::Pat(Box::new(pat)),
        body,
    })
}

/// Puts what was read where it belongs: among the equations, or as the result.
fn place(
    scope: &mut Scope,
    options: NodeOptions,
    name: Option<Ident>,
    right: Right,
    last: bool,
    errors: &mut Errors,
) {
    let rhs = match right {
        Right::Rhs(rhs) => rhs,
        Right::Headed(headed) => {
            let (call, rhs) = *headed;
            let ident = Ident::new(
                &format!("{HEAD}_{}", scope.equations.len()),
                call.tiers[0].callee.path().span(),
            );
            let rhs = names::rename(rhs, HEAD, &ident);
            scope.equations.push(Equation {
                ident,
                named: true,
                options: NodeOptions::default(),
                rhs: Rhs::Call(call),
            });
            rhs
        }
    };
    let named = name.is_some();
    match (name, rhs) {
        (None, Rhs::View(view)) => {
            if !last {
                errors.at(
                    &view,
                    "this value goes nowhere: give it a name, or let it be the result by leaving out the `;`",
                );
                return;
            }
            for key in &options.keys {
                errors.at(
                    key,
                    "the result is an expression and takes no options: put them on a step call",
                );
            }
            scope.tail = Some(*view);
        }
        (name, rhs) => {
            let ident = name.unwrap_or_else(|| called(&rhs, scope.equations.len()));
            if last && !named {
                let name = Ident::new(&format!("__orch_result_{}", ident.unraw()), ident.span());
                scope.tail = Some(syn::parse_quote!(#name));
                scope.equations.push(Equation {
                    ident: name,
                    named: true,
                    options,
                    rhs,
                });
                return;
            }
            scope.equations.push(Equation {
                ident,
                named,
                options,
                rhs,
            });
        }
    }
}

/// What a call without a name is called: after its step.
fn called(rhs: &Rhs, idx: usize) -> Ident {
    match rhs {
        Rhs::Call(call) => match call.tiers[0].callee.name() {
            Some(name) => name.clone(),
            None => Ident::new(&format!("node_{idx}"), Span::call_site()),
        },
        Rhs::For(for_loop) => Ident::new("each", for_loop.word),
        Rhs::Branch(Branch {
            kind: BranchKind::If(word) | BranchKind::Match(word, _),
            ..
        }) => Ident::new("choice", *word),
        _ => Ident::new(&format!("node_{idx}"), Span::call_site()),
    }
}

/// The name that the plan has for an equation.
pub(crate) fn plan_name(equation: &Equation) -> String {
    if let Some(name) = &equation.options.name {
        return name.value.clone();
    }
    let ident = equation.ident.unraw().to_string();
    let own = match ident.strip_prefix("__orch_result_") {
        Some(step) => step.to_owned(),
        None if ident.starts_with(HEAD) => match &equation.rhs {
            Rhs::Call(call) => call.tiers[0]
                .callee
                .name()
                .map_or(ident, |name| name.unraw().to_string()),
            _ => ident,
        },
        None => ident,
    };
    text::kebab(&own)
}
