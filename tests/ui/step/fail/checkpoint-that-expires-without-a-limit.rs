use orch::prelude::*;

#[step(checkpoint_after(approvers = ["legal"], on_expire = approve))]
fn review(text: &str) -> usize {
    text.len()
}

fn main() {}
