//! Orch without its default features, and with them alone: what is there works, and what is left out says so.

#[cfg(feature = "defaults")]
mod defaults;
mod runs;

/// What wants a feature that is left out says which, at the word that wants it, and nothing else.
#[cfg(not(feature = "defaults"))]
#[test]
fn what_is_left_out_says_so() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}

/// So do durable runs, which are no default.
#[cfg(feature = "defaults")]
#[test]
fn what_is_left_out_says_so() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/durable.rs");
    cases.compile_fail("tests/ui/schedule.rs");
}
