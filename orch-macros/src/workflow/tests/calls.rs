//! Calls where a value is wanted: which are taken for steps, in expressions and in the arguments of macros.

use crate::expansion;
use crate::workflow::workflow;

/// What is said of a workflow with this body.
fn errors(body: &str) -> Vec<String> {
    let text = format!("Flow(n: u32, xs: Vec<u32>) -> u32 {{ {body} }}");
    expansion::read(workflow(text.parse().unwrap())).errors
}

#[test]
fn a_step_in_a_macro_is_reported() {
    for (expression, step) in [
        ("format!(\"{}\", same(3))", "same"),
        ("std::format!(\"{}\", same(3),)", "same"),
        ("format!(\"{b}\", b = same(3))", "same"),
        ("format!(\"{}\", 1 + steps::same(n).abs())", "steps::same"),
        ("vec![inc(n)]", "inc"),
        ("vec![inc(n); 3]", "inc"),
        ("vec![0; inc(n)]", "inc"),
        ("vec![format!(\"{}\", same(3))]", "same"),
        ("matches!(inc(n), 1 | 2)", "inc"),
        ("{ assert!(is_good(n), \"no\"); n }", "is_good"),
        ("xs.iter().map(|x| format!(\"{}\", same(x)))", "same"),
        ("vec![Other::run(n)]", "Other::run"),
    ] {
        let call = format!(
            "a step is called by an equation of its own, so that it never runs without its policies: write `name = {step}(…);` and use `name` here"
        );
        for body in [
            format!("a = {expression}; f(&a)"),
            format!("f({expression})"),
            format!("f(n); {expression}"),
        ] {
            assert_eq!(errors(&body), [call.as_str()], "{body}");
        }
    }
}

#[test]
fn what_is_no_step_in_a_macro_is_not_reported() {
    for expression in [
        "format!(\"{n} {}\", n)",
        "format!(\"{:?}\", xs.iter().map(|f| f(1)).collect::<Vec<_>>())",
        "vec![|f: fn(u32) -> u32| f(1)]",
        "format!(\"{}\", { let double = |x: u32| x * 2; double(n) })",
        "format!(\"{}\", { let y = double(n); fn double(x: u32) -> u32 { x * 2 } y })",
        "vec![Some(n), u32::from_str(\"1\").ok(), Money(1).into()]",
        "vec![]",
        "matches!(n, 0..=9)",
        "matches!(xs.first(), Some(x) if is_good(x))",
        "format!(\"{}\", @ same(3))",
        "dsl!(select(n))",
    ] {
        for body in [
            format!("a = {expression}; f(&a)"),
            format!("f({expression})"),
        ] {
            assert_eq!(errors(&body), [""; 0], "{body}");
        }
    }
}

#[test]
fn a_workflow_is_named_like_a_type() {
    for (name, way_out) in [
        ("check_out", Some("`CheckOut`")),
        ("größe", Some("`Größe`")),
        ("検索", Some("such as `FetchRates`")),
        ("Größe", None),
    ] {
        let text = format!("{name}(n: u32) -> u32 {{ f(n) }}");
        let found = expansion::read(workflow(text.parse().unwrap())).errors;
        let expected = way_out
            .map(|way_out| format!("a workflow is a type: name it in camel case, {way_out}"));
        assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn functions_inside_a_block_are_no_steps() {
    let block = "{ let y = double(n); fn double(x: u32) -> u32 { x * 2 } y }";
    assert_eq!(errors(&format!("a = {block}; f(&a)")), [""; 0]);
    let after = "{ { fn double(x: u32) -> u32 { x * 2 } } double(n) }";
    assert_eq!(errors(&format!("a = {after}; f(&a)")).len(), 1);
}
