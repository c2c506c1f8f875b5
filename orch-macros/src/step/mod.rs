//! `#[step]`: a function, and beside it a hidden struct of the same name that describes and calls it.

mod call;
mod check;
mod expand;
mod model;
mod parse;
mod stub;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;

use crate::diagnostics::Errors;

/// The expansion of `#[step(options)] item`.
///
/// Whatever is wrong, the item is there, so that nothing else in the crate fails for want of it.
pub(crate) fn step(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::new();
    let mut expansion = match parse::Function::parse(item.clone()) {
        Ok(function) => {
            let step = model::Step::new(function, options, &mut errors);
            check::check(&step, &mut errors);
            expand::expand(&step, errors.is_empty())
        }
        Err(error) => {
            errors.push(error);
            item
        }
    };
    expansion.extend(errors.into_tokens());
    expansion
}
