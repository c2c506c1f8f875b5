#![no_implicit_prelude]

use ::orch::{Outcome, step, workflow};
use ::std::ops::ControlFlow;

#[derive(::std::clone::Clone, ::serde::Serialize, ::serde::Deserialize)]
pub struct Page {
    number: u32,
}

#[step]
fn unload(outcome: Outcome<&::std::vec::Vec<Page>>, number: u32) {
    let _ = (outcome, number);
}

#[step(compensate = unload, checkpoint_after(expires = "1d"))]
fn load(number: u32) -> ::std::vec::Vec<Page> {
    ::std::vec![Page { number }]
}

#[step]
fn print(page: &Page) -> u32 {
    page.number
}

#[step]
fn turn(number: u32) -> ControlFlow<u32, u32> {
    ControlFlow::Break(number)
}

workflow! {
    #[workflow(
        durable,
        version = "1.0.0",
        compatible_with = ["0.9.0"],
        max_active_runs = 3,
        overlap = cancel_new,
        priority = low
    )]
    pub Flow(number: u32) -> ::std::option::Option<u32> {
        pages = load(number);
        #[node(key = page.number)]
        printed = for page in &pages { print(page) };
        again = for page in ::std::clone::Clone::clone(&pages) { print(&page) };
        approved = signal::<u32>(timeout = "1d");
        wait = sleep("1d");
        #[node(after = [wait], allow_skip = "nothing is turned", checkpoint_after(approvers = ["a"]))]
        turned = turn(number).repeat(max = 3, every = "1s");
        #[node(transient)]
        last = turn(printed[0] + again[0] + turned.unwrap_or(0)).repeat(max = 2);
        approved.filter(|approved| *approved > last)
    }
}

workflow! {
    #[workflow(durable, schedule(cron = "@daily", catch_up = all(3)))]
    Nightly() {
        load(1);
    }
}

fn main() {
    let _ = (Flow::GRAPH, Flow::approved, Nightly::GRAPH);
}
