use proc_macro2::TokenStream;
use quote::quote;

use super::step;
use crate::expansion::{self, Expansion};

/// The errors of an expansion, and the expansion without them.
fn expand(options: TokenStream, item: TokenStream) -> (Vec<String>, syn::File) {
    let Expansion { errors, file } = expansion::read(step(options, item));
    (errors, file)
}

/// The expansion is what the file beside this one says; `UPDATE_GOLDEN=1` writes it.
fn golden(name: &str, options: TokenStream, item: TokenStream) {
    expansion::read(step(options, item)).is_golden(&format!("step/golden/{name}.rs"));
}

#[test]
fn the_smallest_step() {
    golden(
        "smallest",
        quote!(),
        quote!(
            fn price() {}
        ),
    );
}

#[test]
fn a_step_with_all_kinds_of_parameters() {
    golden(
        "parameters",
        quote!(),
        quote! {
            /// Reserves stock.
            ///
            /// All or nothing.
            pub(crate) async fn reserve(
                items: &[Item],
                mut count: u32,
                #[resource] db: &Pool,
                #[resource] mail: &(dyn Mailer + Send + Sync),
                #[ctx] ctx: &StepCtx,
            ) -> io::Result<Reservation> {
                db.reserve(items, count).await
            }
        },
    );
}

#[test]
fn a_step_with_policies() {
    golden(
        "policies",
        quote! {
            retries = 3, retry_if = transient, cache(key = "rates:{day}", ttl = "10m", tags = ["rates"]),
            rate_limit = "50/s"
        },
        quote! {
            pub async fn fetch_rates(day: Date, #[resource] http: &Client, #[ctx] ctx: &StepCtx) -> Result<Rates, HttpError> {
                http.get(day).await
            }
        },
    );
}

#[test]
fn a_step_whose_limit_and_cache_read_its_arguments() {
    golden(
        "facts",
        quote! {
            cache, rate_limit("1000/min", name = "models", key = user, weight = prompt.len()),
            name = "ask", version = "2", crate = my_orch
        },
        quote! {
            fn step2(user: &str, prompt: String) -> Answer { answer(user, prompt) }
        },
    );
}

#[test]
fn a_step_that_another_undoes_and_somebody_decides_about() {
    golden(
        "undone",
        quote! {
            compensate = stock::release,
            checkpoint_after(approvers = ["ops", "legal"], expires = "2d", on_expire = approve)
        },
        quote! {
            pub async fn reserve(items: &[Item], hold: bool) -> Result<Reservation, StockError> {
                stock(items, hold).await
            }
        },
    );
}

#[test]
fn a_step_on_the_blocking_pool() {
    golden(
        "blocking",
        quote!(blocking, idempotent = false),
        quote! {
            #[cfg(unix)]
            #[expect(clippy::needless_pass_by_value, reason = "the step owns it")]
            fn crunch(numbers: Vec<u64>) -> u64 { numbers.iter().sum() }
        },
    );
}

/// STYLE's budget is 1,500 bytes that are not blanks, without the user's function and its documentation; this is less.
#[test]
fn a_step_stays_within_its_budget() {
    let item = quote! {
        pub async fn fetch_rates(day: Date, #[resource] http: &Client, #[ctx] ctx: &StepCtx) -> Result<Rates, HttpError> {}
    };
    for (options, most) in [
        (quote!(), 900),
        (quote!(retries = 3, cache_ttl = 600), 1_250),
        (quote!(compensate = forget_rates), 1_300),
        (
            quote! {
                retries = 3, retry_if = transient, cache(key = "rates:{day}", ttl = "10m", tags = ["rates"]),
                rate_limit = "50/s"
            },
            1_400,
        ),
    ] {
        let mut expansion = expansion::read(step(options.clone(), item.clone()));
        expansion.file.items.remove(0);
        let size = expansion.size();
        assert!(size <= most, "{size} bytes for {options}");
    }
}

#[test]
fn every_mistake_is_reported_at_once_and_the_function_stays() {
    let (errors, file) = expand(
        quote!(retires = 3, timeout = "10 parsecs", name = "Bad Name"),
        quote!(
            async fn fetch<T>((a, b): (u8, T), x: &mut u8, #[ctx] c: StepCtx) -> &str {
                a
            }
        ),
    );
    assert_eq!(errors.len(), 8, "{errors:#?}");
    let names: Vec<String> = file
        .items
        .iter()
        .filter_map(|item| match item {
            syn::Item::Fn(function) => Some(function.sig.ident.to_string()),
            syn::Item::Struct(hidden) => Some(hidden.ident.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(names, ["fetch", "fetch"]);
    let text = prettyplease::unparse(&file);
    assert!(!text.contains("#[ctx]"), "{text}");
    assert!(text.contains("::core::future::pending()"), "{text}");
    assert!(text.contains("type Output = &'static str"), "{text}");
}

#[test]
fn what_is_no_function_is_left_as_it_is() {
    for (item, expected) in [
        (
            quote!(
                pub struct A {
                    a: u8,
                }
            ),
            "`#[step]` goes on a function, and this is a struct",
        ),
        (
            quote!(
                enum A {}
            ),
            "`#[step]` goes on a function, and this is an enum",
        ),
        (
            quote!(
                unsafe trait A {}
            ),
            "`#[step]` goes on a function, and this is a trait",
        ),
        (
            quote!(impl A { fn a() {} }),
            "`#[step]` goes on a function, and this is an `impl`: mark a function outside of it",
        ),
        (
            quote!(
                type A = fn();
            ),
            "`#[step]` goes on a function, and this is a type alias",
        ),
        (
            quote!(
                const A: fn() = b;
            ),
            "`#[step]` goes on a function",
        ),
        (
            quote!(
                use a::b;
            ),
            "`#[step]` goes on a function, and this is an import",
        ),
        (
            quote!(
                mod a {
                    fn b() {}
                }
            ),
            "`#[step]` goes on a function, and this is a module: mark the functions in it",
        ),
        (quote!(println!("x");), "`#[step]` goes on a function"),
    ] {
        let (errors, file) = expand(quote!(), item.clone());
        assert_eq!(errors, [expected]);
        let item: syn::File = syn::parse2(item).unwrap();
        assert!(file == item, "{expected}");
    }
    let errors = step(
        quote!(),
        quote!(
            fn a();
        ),
    )
    .to_string();
    assert!(errors.contains("a step has a body"), "{errors}");
}

#[test]
fn methods_stay_alone() {
    for item in [
        quote!(
            fn a(&self, #[resource] b: &B) {}
        ),
        quote!(
            fn a() -> Self {}
        ),
        quote!(
            fn a() {
                Self::b()
            }
        ),
        quote!(
            fn str() {}
        ),
    ] {
        let (errors, file) = expand(quote!(), item.clone());
        assert_eq!(errors.len(), 1, "{item}: {errors:?}");
        assert_eq!(file.items.len(), 1, "{item}");
    }
}

#[test]
fn vague_names_are_noticed() {
    for (name, vague) in [
        ("step1", true),
        ("step-2", true),
        ("task", true),
        ("do-stuff", true),
        ("steps", false),
        ("fetch-rates", false),
        ("undo-charge", false),
        ("step-up", false),
    ] {
        assert_eq!(super::expand::is_vague(name), vague, "{name}");
    }
    let of = |options| {
        step(
            options,
            quote!(
                fn step1() {}
            ),
        )
        .to_string()
    };
    assert!(of(quote!()).contains("VAGUE_STEP_NAME"));
    assert!(!of(quote!(name = "fetch")).contains("VAGUE_STEP_NAME"));
}

/// Half-typed options and functions never make the macro panic, and the function is always there.
#[test]
fn no_prefix_of_a_step_panics() {
    let options = quote! {
        retries = 3, backoff(initial = "200ms", max = "30s"), retry_if = a::b, cache(key = "{a}", tags = ["x"]),
        rate_limit("5/s", key = a, weight = 1), breaker(name = "x"), blocking, crate = x
    };
    let item = quote! {
        #[inline] pub(crate) async fn fetch<T: X>(#[ctx] a: &StepCtx, b: &[u8], (c, d): E) -> Result<&str, F> where T: Y { g }
    };
    let tokens = |stream: &TokenStream| stream.clone().into_iter().collect::<Vec<_>>();
    for end in 0..=tokens(&options).len() {
        let prefix: TokenStream = tokens(&options).into_iter().take(end).collect();
        let text = step(prefix, item.clone()).to_string();
        assert!(text.contains("fn fetch"), "{text}");
    }
    for end in 0..=tokens(&item).len() {
        let prefix: TokenStream = tokens(&item).into_iter().take(end).collect();
        let text = step(options.clone(), prefix.clone()).to_string();
        assert_eq!(
            text.contains("fetch"),
            prefix.to_string().contains("fetch"),
            "{text}"
        );
    }
}

/// Tokens that mean something to the macro, in any order.
#[test]
fn no_soup_of_tokens_panics() {
    const WORDS: [&str; 44] = [
        "retries",
        "backoff",
        "cache",
        "key",
        "rate_limit",
        "breaker",
        "blocking",
        "crate",
        "name",
        "=",
        "=",
        ",",
        ",",
        "3",
        "-1",
        "0.5",
        "10s",
        "\"1s..2s\"",
        "\"5/s\"",
        "\"{a.b}\"",
        "\"{\"",
        "true",
        "::",
        "<",
        ">",
        "&",
        "mut",
        "fn",
        "async",
        "f",
        "impl",
        "Self",
        "->",
        "'a",
        "#[ctx]",
        "(a: &B)",
        "(a: u8, #[resource] b: &C)",
        "{ x }",
        "[\"x\"]",
        "(5, name = \"x\")",
        "|",
        "pub",
        "struct",
        ";",
    ];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap() % below
    };
    for _ in 0..3_000 {
        let mut soup = || -> TokenStream {
            let words: Vec<&str> = (0..random(9)).map(|_| WORDS[random(WORDS.len())]).collect();
            words.join(" ").parse().unwrap()
        };
        let (options, item) = (soup(), soup());
        let function = step(
            options,
            quote!(
                fn fetch(a: u8) {}
            ),
        )
        .to_string();
        assert!(function.contains("fn fetch"), "{function}");
        step(quote!(), item.clone());
        step(quote!(), quote!(fn #item));
    }
}
