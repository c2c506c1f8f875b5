//! The example programs, run as their users run them.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, reason = "tests")]

mod agent_loop;
mod content_analysis;
mod data_pipeline;
mod order_processing;

use std::collections::HashMap;
use std::env;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::{LazyLock, Mutex, PoisonError};

/// An example's program, built once.
fn program(name: &'static str) -> PathBuf {
    static BUILT: LazyLock<Mutex<HashMap<&str, PathBuf>>> = LazyLock::new(Mutex::default);
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    built.entry(name).or_insert_with(|| build(name)).clone()
}

/// Runs an example and waits for its end.
fn run(name: &'static str, arguments: &[&str]) -> Output {
    let mut command = Command::new(program(name));
    command
        .args(arguments)
        .env_remove("RUST_LOG")
        .output()
        .unwrap()
}

/// The example's program, built from the sources as they are.
///
/// Cargo names the programs of a package to its tests but not those of its examples.
/// They lie beside the directory of the test, and building them again costs nothing where `cargo test` just did.
fn build(name: &str) -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["build", "--quiet", "--example", name])
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    let test = env::current_exe().unwrap();
    let profile = test.parent().unwrap().parent().unwrap();
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    assert!(cargo.status().unwrap().success(), "{name} does not build");
    profile
        .join("examples")
        .join(format!("{name}{}", env::consts::EXE_SUFFIX))
}

/// What a program wrote, as text.
fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}
