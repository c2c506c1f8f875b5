//! Reading `pub Name(input: Type) -> Output { … }`.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser as _};
use syn::{Attribute, Ident, Token, Type, Visibility, braced, parenthesized};

use super::super::model::{Input, Output, Workflow};
use super::super::options::WorkflowOptions;
use super::{Reader, at_end, end_of, split, too_deep};
use crate::diagnostics::Errors;
use crate::types;

/// Reads a workflow. `None` when not even its name can be read; what is wrong is in `errors`.
pub(crate) fn workflow(tokens: TokenStream, errors: &mut Errors) -> Option<Workflow> {
    if let Some(place) = too_deep(&tokens) {
        errors.push(syn::Error::new(
            place,
            "this is nested too deeply to be read",
        ));
        return None;
    }
    let mut header = None;
    let parsed = (|input: ParseStream<'_>| read(input, &mut header)).parse2(tokens.clone());
    let parsed = parsed.map_err(|error| at_end(error, end_of(&tokens)));
    let mut header = match (parsed, header) {
        (Ok(()), header) => header?,
        (Err(error), header) => {
            errors.push(error);
            header?.recovered(tokens)
        }
    };
    let (options, attrs) = WorkflowOptions::take(std::mem::take(&mut header.attrs), errors);
    let name = header.name.to_string();
    if !name.starts_with(char::is_uppercase) {
        let camel = camel(&name);
        let way_out = if camel.starts_with(char::is_uppercase) {
            format!("`{camel}`")
        } else {
            "such as `FetchRates`".to_owned()
        };
        errors.at(
            &header.name,
            format!("a workflow is a type: name it in camel case, {way_out}"),
        );
    }
    let mut body = Reader::new(errors).scope(header.body);
    let declares = header.output.is_some();
    let declared = header.output.filter(|ty| owns(ty, errors));
    body.tail_broken |= !header.is_whole || declares && declared.is_none();
    Some(Workflow {
        attrs,
        options,
        vis: header.vis,
        name: header.name,
        inputs: inputs(header.inputs, errors),
        output: output(declared),
        is_whole: header.is_whole,
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

/// A header as far as it was read.
struct Header {
    attrs: Vec<Attribute>,
    vis: Visibility,
    name: Ident,
    inputs: TokenStream,
    output: Option<Type>,
    body: TokenStream,
    is_whole: bool,
}

impl Header {
    /// What is there to go on with after a mistake: the inputs if they were reached, and the last braces as the body.
    fn recovered(mut self, tokens: TokenStream) -> Self {
        for token in tokens {
            match token {
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                    self.body = group.stream();
                }
                _ => {}
            }
        }
        self
    }
}

/// Reads a header; from its name on, `header` has what was read before a mistake.
fn read(input: ParseStream<'_>, header: &mut Option<Header>) -> syn::Result<()> {
    if input.is_empty() {
        return Err(input.error(
            "a workflow is written `pub Name(input: Type) -> Output { name = step(&input); … }`",
        ));
    }
    let attrs = input.call(Attribute::parse_outer)?;
    let vis = input.parse()?;
    if input.peek(Token![fn]) || input.peek(Token![struct]) || input.peek(Token![async]) {
        return Err(input.error(
            "leave this word out: a workflow is written `pub Name(input: Type) -> Output { … }`",
        ));
    }
    if !input.peek(Ident) {
        return Err(
            input.error("the workflow's name comes here: `pub Name(input: Type) -> Output { … }`")
        );
    }
    let header = header.insert(Header {
        attrs,
        vis,
        name: input.parse()?,
        inputs: TokenStream::new(),
        output: None,
        body: TokenStream::new(),
        is_whole: false,
    });
    if input.peek(Token![<]) {
        return Err(input.error(
            "a workflow cannot be generic, as its plan is one constant: declare one for each type",
        ));
    }
    if !input.peek(syn::token::Paren) {
        return Err(
            input.error("the inputs come here, in parentheses: `(order: Order)`, or `()` for none")
        );
    }
    let inputs;
    parenthesized!(inputs in input);
    header.inputs = inputs.parse()?;
    if input.peek(Token![->]) {
        input.parse::<Token![->]>()?;
        header.output = Some(input.call(Type::without_plus)?);
    }
    if !input.peek(syn::token::Brace) {
        return Err(input.error("the equations come here, in braces"));
    }
    let body;
    braced!(body in input);
    header.body = body.parse()?;
    if !input.is_empty() {
        return Err(input.error(
            "there is more after the workflow's braces: one `workflow!` declares one workflow",
        ));
    }
    header.is_whole = true;
    Ok(())
}

fn inputs(tokens: TokenStream, errors: &mut Errors) -> Vec<Input> {
    let mut inputs: Vec<Input> = Vec::new();
    for piece in split(tokens, ',') {
        if piece.tokens.is_empty() {
            continue;
        }
        let end = end_of(&piece.tokens);
        let input = input
            .parse2(piece.tokens)
            .map_err(|error| at_end(error, end));
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

/// Reads `name: Type`.
fn input(input: ParseStream<'_>) -> syn::Result<Input> {
    if input.peek(Token![&]) || input.peek(Token![self]) || input.peek(Token![mut]) {
        return Err(input.error("an input is written `name: Type`; a workflow owns its inputs"));
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
}

/// Whether an output's type can be named by others and owns its data.
fn owns(ty: &Type, errors: &mut Errors) -> bool {
    let (borrowed, opaque) = (types::borrowed(ty), types::opaque(ty));
    let owns = borrowed.is_empty() && opaque.is_none();
    if let Some(opaque) = opaque {
        errors.at(
            opaque,
            "a workflow's output has a type that others can name: write it, or a `Box<dyn …>`",
        );
    }
    for place in borrowed {
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
    let last = path.path.segments.last();
    let Some(last) = last.filter(|last| last.ident == "Result") else {
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
