//! Orch without its default features: what is there works, and what is left out says so.

mod runs;

/// What wants a feature that is left out says which, at the word that wants it, and nothing else.
#[test]
fn what_is_left_out_says_so() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
