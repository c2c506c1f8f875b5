//! Workflows with every form of the language, whose results are easy to tell without running them.

use orch::prelude::*;
use serde::{Deserialize, Serialize};

use crate::effects::Effects;
use crate::model::mix;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error("refused at {0}")]
pub struct Refused(pub String);

impl From<RunError> for Refused {
    fn from(error: RunError) -> Self {
        Self(error.to_string())
    }
}

#[step]
async fn work(site: &str, n: u64, #[resource] effects: &Effects, #[ctx] ctx: &StepCtx) -> u64 {
    effects.have(ctx, site).await;
    mix(n)
}

/// Fails at first.
#[step(retries = 2, backoff = "2ms..5ms")]
async fn flaky(
    site: &str,
    n: u64,
    #[resource] effects: &Effects,
    #[ctx] ctx: &StepCtx,
) -> Result<u64, Refused> {
    effects.have(ctx, site).await;
    if ctx.attempt() == 1 {
        return Err(Refused(site.to_owned()));
    }
    Ok(mix(n))
}

#[step]
async fn unless(
    site: &str,
    refused: bool,
    n: u64,
    #[resource] effects: &Effects,
    #[ctx] ctx: &StepCtx,
) -> Result<u64, Refused> {
    effects.have(ctx, site).await;
    if refused {
        return Err(Refused(site.to_owned()));
    }
    Ok(mix(n))
}

/// Runs however what it looks at ended.
#[step]
async fn either(
    site: &str,
    refused: Outcome<&u64>,
    n: u64,
    #[resource] effects: &Effects,
    #[ctx] ctx: &StepCtx,
) -> u64 {
    effects.have(ctx, site).await;
    mix(n + u64::from(refused.is_failed()))
}

#[step(retries = 2, backoff = "1ms..3ms")]
async fn unbook(
    _outcome: Outcome<&u64>,
    site: &str,
    n: u64,
    #[resource] effects: &Effects,
    #[ctx] ctx: &StepCtx,
) -> Result<(), Refused> {
    effects.undo(ctx, site).await;
    // What refuses at first is to be undone all the same.
    if ctx.attempt() == 1 && n.is_multiple_of(5) {
        return Err(Refused(site.to_owned()));
    }
    Ok(())
}

/// Another step undoes it.
#[step(compensate = unbook)]
async fn book(site: &str, n: u64, #[resource] effects: &Effects, #[ctx] ctx: &StepCtx) -> u64 {
    effects.have(ctx, site).await;
    mix(n)
}

#[step]
async fn count_down(
    left: u64,
    #[resource] effects: &Effects,
    #[ctx] ctx: &StepCtx,
) -> ControlFlow<u64, u64> {
    effects.have(ctx, &format!("left {left}")).await;
    match left {
        0 => ControlFlow::Break(mix(0)),
        left => ControlFlow::Continue(left - 1),
    }
}

#[step]
fn numbers(from: u64, count: u64) -> Vec<u64> {
    (from..from + count).collect()
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Waves(n: u64) -> Result<u64, Refused> {
        a = work("a", n);
        b = work("b", n + 1);
        c = flaky("c", n + 2);
        d = work("d", a + b);
        e = flaky("e", b + c);
        f = work("f", d + e);
        f
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Fan(n: u64) -> u64 {
        all = numbers(n, 100 + n % 200);
        #[node(concurrency = 24)]
        done = for x in &all {
            one = work(&format!("one {x}"), *x);
            two = work(&format!("two {x}"), one);
            two
        };
        last = work("last", done.iter().sum::<u64>());
        last
    }
}

workflow! {
    /// Of which nothing is recorded where it runs inside another.
    pub Plain(n: u64) -> u64 {
        a = work("plain a", n);
        b = work("plain b", a);
        b
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Inner(n: u64) -> u64 {
        a = work(&format!("inner a {n}"), n);
        b = work(&format!("inner b {n}"), n + 1);
        c = work(&format!("inner c {n}"), a + b);
        c
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Nested(n: u64) -> u64 {
        few = numbers(n, 5);
        inside = for x in &few { Inner::run(*x) };
        plain = Plain::run(n);
        last = work("last", plain + inside.iter().sum::<u64>());
        last
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Wait(n: u64) -> u64 {
        a = work("a", n);
        #[node(after = [a])]
        said = signal::<u64>(timeout = "30m");
        #[node(after = [a])]
        unsaid = signal::<u64>(timeout = "300ms");
        #[node(after = [a])]
        short = sleep("90ms");
        #[node(after = [short])]
        b = work("b", n + 1);
        #[node(after = [b])]
        long = sleep("1400ms");
        c = work("c", said.unwrap_or(0));
        #[node(after = [long])]
        d = work("d", c + b);
        d + unsaid.unwrap_or(1)
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Turns(n: u64) -> u64 {
        left = count_down(n % 6).repeat(max = 9, every = "15ms");
        last = work("last", left);
        last
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Arms(n: u64) -> u64 {
        first = work("first", n);
        taken = match first % 3 {
            0 => work("zero", first),
            1 => { a = work("one a", first); b = work("one b", a); b },
            _ => unless("refusing", true, first).or_else(work("fallback", first)),
        };
        #[node(optional)]
        missing = unless("missing", n % 2 == 0, n);
        last = work("last", taken + missing.unwrap_or(3));
        last
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Booked(n: u64) -> Result<u64, Refused> {
        a = book("a", n);
        b = book("b", a);
        few = numbers(n, 12);
        #[node(concurrency = 4, after = [b])]
        many = for x in &few { book(&format!("item {x}"), *x) };
        c = unless("c", n % 2 == 1, b + many.iter().sum::<u64>());
        last = book("last", c);
        #[node(finally)]
        work("cleanup", n);
        last
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub BookedInside(n: u64) -> u64 {
        a = book(&format!("inside a {n}"), n);
        few = numbers(n, 3);
        #[node(after = [a])]
        many = for x in &few { book(&format!("inside {n} item {x}"), *x) };
        a + many.iter().sum::<u64>()
    }
}

workflow! {
    /// What workflows inside have done is undone with the rest, where one that runs after all refuses.
    #[workflow(version = "1", durable)]
    pub Family(n: u64) -> Result<u64, Refused> {
        a = book("a", n);
        inside = BookedInside::run(n);
        few = numbers(n, 3);
        each = for x in &few { BookedInside::run(x + 1_000) };
        refused = unless("refused", n % 3 == 0, n);
        #[node(on = all_done)]
        after = either("after", refused, n);
        #[node(after = [a, each])]
        last = unless("last", n % 2 == 1, after + inside);
        last + each.iter().sum::<u64>()
    }
}

workflow! {
    /// Waits until it is cancelled.
    #[workflow(version = "1", durable)]
    pub Stopped(n: u64) -> u64 {
        a = book("a", n);
        few = numbers(n, 20);
        #[node(concurrency = 6)]
        many = for x in &few { book(&format!("item {x}"), *x) };
        b = book("b", a);
        #[node(after = [b])]
        never = signal::<u64>();
        #[node(finally)]
        work("cleanup", n);
        never.unwrap_or(0) + many.iter().sum::<u64>()
    }
}
