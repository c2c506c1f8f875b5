//! The procedural macros of Orch: `#[step]` and `workflow!`.
