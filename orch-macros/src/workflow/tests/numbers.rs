//! Numbers that nothing types: which are reported, and which are not as something else says their type.

use crate::diagnostics::Errors;
use crate::workflow::{analysis::Analysis, numbers, parse};

/// The numbers that are reported in a workflow with this body, with the suggested ones.
fn reported(body: &str) -> Vec<(String, String)> {
    let mut errors = Errors::new();
    let text = format!("Flow(n: u32, xs: Vec<u32>) -> u32 {{ {body} }}");
    let parsed = parse::workflow(text.parse().unwrap(), &mut errors).unwrap();
    let mut analysis = Analysis::new(&parsed, &mut errors);
    assert!(errors.is_empty(), "{body}");
    numbers::report(&mut analysis, &mut errors);
    let list = errors.into_list();
    list.iter()
        .map(|error| {
            let message = error.to_string();
            let suggested = message.split('`').nth(1).unwrap();
            (error.span().source_text().unwrap(), suggested.to_owned())
        })
        .collect()
}

/// The numbers that are reported where a branch gives the first value or the second.
fn between(first: &str, second: &str) -> String {
    let found = reported(&format!(
        "one = 1; text = \"1\"; a = if n > 3 {{ {first} }} else {{ {second} }}; f(&a, one, text)"
    ));
    let numbers: Vec<String> = found.into_iter().map(|(number, _)| number).collect();
    numbers.join(" ")
}

#[test]
fn a_branch_whose_arms_are_numbers_alone() {
    for (first, second, expected) in [
        ("1", "0", "1"),
        ("1.5", "0.", "1.5"),
        ("(1)", "{ 2 }", "1"),
        ("-1", "!2", "1"),
        ("1 + 2 * 3", "0", "1"),
        ("1 << n", "0", "1"),
        ("&1", "&2", "1"),
        ("*&1", "2", "1"),
        ("[1, 2]", "[3, 4]", "1"),
        ("[1; 4]", "[2; 4]", "1"),
        ("&[1, 2]", "&[]", "1"),
        ("[1, 2][0]", "2", "1"),
        ("vec![1, 2]", "vec![]", "1"),
        ("vec![1; 3]", "Vec::new()", "1"),
        ("(1, n)", "(2, 3)", "1"),
        ("(1, 2)", "(3, 4)", "1 2"),
        ("(1, n).0", "2", "1"),
        ("0..3", "0..4", "0"),
        ("Some(1)", "None", "1"),
        ("Ok(1)", "Err(text)", "1"),
        ("Ok(1)", "Err(2)", "1 2"),
        ("Box::new(1)", "Box::new(2)", "1"),
        ("[1, 2].to_vec()", "vec![]", "1"),
        ("Some(1).unwrap_or(2)", "3", "1"),
        ("1.clone()", "2", "1"),
        ("1", "panic!()", "1"),
        ("{ let x = 1; x }", "2", "1"),
        ("(if n > 1 { 1 } else { 2 })", "3", "1"),
        ("(match n { 1 => 1, _ => 2 })", "3", "1"),
        ("one", "2", "1"),
    ] {
        assert_eq!(between(first, second), expected, "{first} or {second}");
    }
}

#[test]
fn a_branch_of_which_something_says_the_type() {
    for (first, second) in [
        ("1_u32", "0_u32"),
        ("1", "n"),
        ("n", "1"),
        ("1", "0_u8"),
        ("1.5f32", "1.5"),
        ("n + 1", "1 + n"),
        ("n << 1", "2"),
        ("1 as u8", "0"),
        ("1 < 2", "true"),
        ("\"even\"", "\"odd\""),
        ("b\"12\"", "b\"21\""),
        ("[1, n]", "[2, 3]"),
        ("vec![1_u8]", "vec![2]"),
        ("(1, n)", "(n, 2)"),
        ("Some(1)", "Some(n)"),
        ("Some::<u8>(1)", "None"),
        ("Money(1)", "Money(2)"),
        ("Point { x: 1 }", "Point { x: 2 }"),
        ("u64::from(1)", "2"),
        ("Duration::from_secs(1)", "Duration::ZERO"),
        ("vec![1].len()", "0"),
        ("1.to_string()", "String::new()"),
        ("format!(\"{}\", 1)", "String::new()"),
        ("xs[0]", "0"),
        ("1", "xs.len()"),
        ("{ let x: u8 = 1; x }", "2"),
        ("{ let mut sum = 0; for x in &xs { sum += x; } sum }", "0"),
        ("{ let x = 1; u8::from(x); x }", "2"),
        ("{ let one = n; one }", "1"),
        ("1", "f(n)"),
        ("f(n)", "1"),
        ("one", "n"),
        ("text", "\"2\""),
        ("()", "{}"),
    ] {
        assert_eq!(between(first, second), "", "{first} or {second}");
    }
}

#[test]
fn bodies_and_patterns() {
    for (body, expected) in [
        ("a = for x in &xs { 1 }; f(&a)", "1"),
        ("a = for x in &xs { (x, 1) }; f(&a)", "1"),
        ("a = for i in 0..3 { i }; f(&a)", "0"),
        ("a = for i in [7, 8] { i * 2 }; f(&a)", "7"),
        ("a = for i in vec![7, 8] { i }; f(&a)", "7"),
        ("list = [7, 8]; a = for i in &list { *i }; f(&a)", "7"),
        ("a = for (i, name) in [(1, \"a\")] { i }; f(&a)", "1"),
        ("a = match (n, 2) { (1, k) => k, _ => 3 }; f(&a)", "2"),
        ("a = if let k = 1 { k } else { 2 }; f(&a)", "1"),
        ("a = if n > 1 { 1 }; f(&a)", "1"),
        ("a = match n { 0 => 1, 1 => 2, _ => 3 }; f(&a)", "1"),
        (
            "a = for x in &xs { if *x > 1 { 1 } else { 0 } }; f(&a)",
            "1",
        ),
        (
            "a = if n > 1 { if n > 2 { 2 } else { 1 } } else { n }; f(&a)",
            "2",
        ),
        ("for x in &xs { 1 }", "1"),
        // Whatever its items are, a step says what it wants of them.
        ("a = for i in 0..3 { f(i) }; g(&a)", ""),
        ("a = for i in 0..n { i }; f(&a)", ""),
        ("a = for (i, name) in [(1, \"a\")] { name }; f(&a)", ""),
        ("a = for (i, k) in [(1, n)] { k }; f(&a)", ""),
        ("a = match n { 0 => f(1), _ => 2 }; g(&a)", ""),
        // The names of arms and closures are not those around them.
        (
            "one = 1; a = match n { one if one > 1 => one, _ => 2 }; f(&a, one)",
            "",
        ),
        // A step's argument, a result and an expression have the type that their reader wants.
        ("total = 1; f(total)", ""),
        ("total = 1; total + n", ""),
        ("a = f(1); 2", ""),
        // Nobody reads it.
        ("for x in &xs { 1 }; n", ""),
        // Equations that read each other are somebody else's to report.
        ("a = b; b = a + 1; c = if n > 1 { a } else { n }; f(c)", ""),
    ] {
        let found: Vec<String> = reported(body)
            .into_iter()
            .map(|(number, _)| number)
            .collect();
        assert_eq!(found.join(" "), expected, "{body}");
    }
}

#[test]
fn the_suggested_number_is_one() {
    for (number, expected) in [
        ("1", "1_u64"),
        ("-1", "1_i64"),
        ("if n > 1 { 1 } else { -1 }", "1_i64"),
        ("0xff", "0xff_u64"),
        ("1_000", "1_000_u64"),
        ("1.5", "1.5_f64"),
        ("-1.", "1.0_f64"),
        ("1e3", "1e3_f64"),
    ] {
        let found = reported(&format!("a = for x in &xs {{ {number} }}; f(&a)"));
        assert_eq!(found[0].1, expected);
        assert_eq!(
            syn::parse_str::<syn::Lit>(expected).unwrap().suffix(),
            &expected[expected.len() - 3..]
        );
    }
}
