//! The procedural macros of Orch: `#[step]` and `workflow!`.
//!
//! Each macro is parse → model → check → expand, a file each; expanding cannot fail.
//! Generated code names nothing but `::orch::__private`, the user's own names and `::core`.

mod diagnostics;
#[cfg(any(feature = "pictures", test))]
mod draw;
#[cfg(test)]
mod expansion;
mod options;
mod ordered;
mod step;
mod text;
mod types;
mod workflow;

/// Makes a step of a function, which stays an ordinary function.
#[proc_macro_attribute]
pub fn step(
    options: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    step::step(options.into(), item.into()).into()
}

/// Declares a workflow: equations whose names are the edges of a graph.
#[proc_macro]
pub fn workflow(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    workflow::workflow(input.into()).into()
}
