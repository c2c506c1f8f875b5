//! The procedural macros of Orch: `#[step]` and `workflow!`.

mod diagnostics;
mod options;
mod text;
