//! `workflow!`: equations whose names are the edges of a graph.
//!
//! [`parse`] reads the equations, [`analysis`] finds who reads what, [`check`] says what is wrong with the graph
//! and [`numbers`] which numbers lack a type, [`expand`] writes the code: one function for each node, the plan as constants, the picture.

mod analysis;
mod check;
mod cycles;
mod expand;
mod model;
mod names;
mod numbers;
mod options;
mod parse;

use proc_macro2::TokenStream;

use crate::diagnostics::Errors;

/// Expands a workflow, or reports what is wrong with it and leaves a stand-in.
pub(crate) fn workflow(input: TokenStream) -> TokenStream {
    let mut errors = Errors::new();
    let Some(workflow) = parse::workflow(input, &mut errors) else {
        return errors.into_tokens();
    };
    let mut analysis = analysis::Analysis::new(&workflow, &mut errors);
    check::check(&mut analysis, &mut errors);
    numbers::report(&mut analysis, &mut errors);
    analysis.find_unwritable();
    let sound = errors.is_empty();
    let code = expand::expand(&analysis, sound);
    let mut tokens = errors.into_tokens();
    tokens.extend(code);
    tokens
}

#[cfg(test)]
mod tests;
