//! What compiles and what does not, in the words the compiler says it with.
//!
//! One `TestCases` holds all programs, so that they are built as one project.

#[test]
fn programs() {
    let programs = trybuild::TestCases::new();
    programs.compile_fail("tests/ui/step/fail/*.rs");
    programs.pass("tests/ui/step/pass/*.rs");
    programs.compile_fail("tests/ui/workflow/fail/*.rs");
    programs.pass("tests/ui/workflow/pass/*.rs");
}
