//! Writes the workflows whose shape is a pattern: chains and layers.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let mut code = String::new();
    for (name, step, length) in [
        ("Chain10", "mix", 10),
        ("Chain100", "mix", 100),
        ("Chain1000", "mix", 1000),
        ("PlainChain100", "plain_mix", 100),
    ] {
        code += &chain(name, step, length);
    }
    for (name, step) in [
        ("CacheChain", "cache"),
        ("RateLimitChain", "rate_limit"),
        ("RetriesChain", "retries"),
        ("TimeoutChain", "timeout"),
        ("DeadlineChain", "deadline"),
        ("BreakerChain", "breaker"),
        ("ConcurrencyChain", "concurrency"),
    ] {
        code += &chain(name, &format!("under::{step}"), 100);
    }
    code += &layered(20, 50);
    let out = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out).join("workflows.rs"), code).expect("OUT_DIR can be written to");
}

/// Each node reads the one before it.
fn chain(name: &str, step: &str, length: usize) -> String {
    let mut code = format!("n0 = {step}(seed);\n");
    for n in 1..length {
        writeln!(code, "n{n} = {step}(n{});", n - 1).expect("strings grow");
    }
    workflow(name, length, &code, &format!("n{}", length - 1))
}

/// Each node of a layer reads three of the layer before; the result is a step that adds up the last layer.
fn layered(depth: usize, width: usize) -> String {
    let mut code = String::new();
    for n in 0..width {
        writeln!(code, "l0_{n} = mix(seed ^ {n});").expect("strings grow");
    }
    for layer in 1..depth {
        for n in 0..width {
            let [a, b, c] = [n, (n + 1) % width, (n + 7) % width]
                .map(|input| format!("l{}_{input}", layer - 1));
            writeln!(code, "l{layer}_{n} = blend3({a}, {b}, {c});").expect("strings grow");
        }
    }
    let last: Vec<_> = (0..width).map(|n| format!("l{}_{n}", depth - 1)).collect();
    workflow(
        "Layered",
        depth * width + 1,
        &code,
        &format!("sum(&[{}])", last.join(", ")),
    )
}

fn workflow(name: &str, nodes: usize, equations: &str, result: &str) -> String {
    format!(
        "workflow! {{\n#[workflow(node_limit = {nodes})]\npub {name}(seed: u64) -> u64 {{\n{equations}{result}\n}}\n}}\n"
    )
}
