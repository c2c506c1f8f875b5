#![deny(warnings)]

use orch::prelude::*;

pub struct Files {
    pub root: std::path::PathBuf,
}

pub trait Clock: Send + Sync {
    fn now(&self) -> u64;
}

/// What is lent comes between what is given, and one parameter is named like what generated code names.
#[step(blocking, retries = 2)]
pub fn read(
    path: std::path::PathBuf,
    #[ctx] ctx: &StepCtx,
    cx: u8,
    #[resource] files: &Files,
    #[resource] clock: &dyn Clock,
) -> std::io::Result<String> {
    let _ = (ctx.attempt(), cx, clock.now());
    std::fs::read_to_string(files.root.join(path))
}

workflow! {
    pub Reading(path: std::path::PathBuf) -> std::io::Result<String> {
        read(path, 1)
    }
}

fn main() {}
