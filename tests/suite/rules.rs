//! Trigger rules, from how the named nodes ended to what the node under the rule becomes and sees.

use orch::prelude::*;
use orch::testing::TestRun;
use tokio::time::Instant;

use crate::probe::{Probe, Refused, fails, secs, takes};

/// How a source is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Done,
    Failed,
    Skipped,
}

#[step]
fn source(end: End) -> Result<u32, Refused> {
    match end {
        End::Failed => Err(Refused("as asked")),
        _ => Ok(1),
    }
}

#[step]
fn unheard(_done: Outcome<&u32>) -> u32 {
    unreachable!("what it names never fails")
}

#[step]
fn pass(value: u32) -> u32 {
    value
}

#[step]
fn judge(probe: &Probe, a: Outcome<&u32>, b: Outcome<&u32>) {
    probe.note(format!("{} {}", a.as_str(), b.as_str()));
}

#[step]
fn judge_values(probe: &Probe, a: u32, b: u32) {
    probe.note(format!("{a} {b}"));
}

macro_rules! ruled {
    ($($name:ident: $rule:ident $judge:ident,)*) => {$(
        workflow! {
            pub $name(probe: Probe, ends: [End; 2]) {
                begun = pass(0);
                #[node(on = all_failed)]
                skipped = unheard(begun);
                a = if ends[0] == End::Skipped { pass(skipped) } else { source(ends[0]) };
                b = if ends[1] == End::Skipped { pass(skipped) } else { source(ends[1]) };
                #[node(on = $rule, name = "judged")]
                $judge(&probe, a, b);
            }
        }
    )*};
}

ruled! {
    AllSuccess: all_success judge_values,
    AllDone: all_done judge,
    AllFailed: all_failed judge,
    AllSkipped: all_skipped judge,
    OneSuccess: one_success judge,
    OneFailed: one_failed judge,
    NoneFailed: none_failed judge,
    NoneFailedMinOneSuccess: none_failed_min_one_success judge,
    NoneSkipped: none_skipped judge,
}

/// How the node under a rule ended, and what it saw if it ran.
async fn judged<W>(workflow: W, ends: [End; 2]) -> String
where
    W: Workflow<Input = (Probe, [End; 2]), Output = ()>,
{
    let probe = Probe::new();
    let tested = TestRun::of(workflow)
        .run((probe.clone(), ends))
        .await
        .unwrap();
    let status = tested.status("judged").unwrap().as_str();
    match probe.notes().first() {
        Some(saw) => format!("{status}: {saw}"),
        None => status.to_owned(),
    }
}

#[tokio::test(start_paused = true)]
async fn every_rule_holds_for_what_it_says() {
    use End::{Done as D, Failed as F, Skipped as S};
    macro_rules! check {
        ($($workflow:ident: $($expected:literal)*;)*) => {$(
            let found = [
                judged($workflow, [D, D]).await,
                judged($workflow, [D, F]).await,
                judged($workflow, [S, D]).await,
                judged($workflow, [F, F]).await,
                judged($workflow, [F, S]).await,
                judged($workflow, [S, S]).await,
            ];
            assert_eq!(found, [$($expected),*], stringify!($workflow));
        )*};
    }
    check! {
        AllSuccess: "done: 1 1" "blocked" "skipped" "blocked" "blocked" "skipped";
        AllDone: "done: done done" "done: done failed" "done: skipped done" "done: failed failed" "done: failed skipped" "done: skipped skipped";
        AllFailed: "skipped" "skipped" "skipped" "done: failed failed" "skipped" "skipped";
        AllSkipped: "skipped" "blocked" "skipped" "blocked" "blocked" "done: skipped skipped";
        OneSuccess: "done: done pending" "done: done failed" "done: skipped done" "blocked" "blocked" "skipped";
        OneFailed: "skipped" "done: pending failed" "skipped" "done: failed failed" "done: failed skipped" "skipped";
        NoneFailed: "done: done done" "blocked" "done: skipped done" "blocked" "blocked" "done: skipped skipped";
        NoneFailedMinOneSuccess: "done: done done" "blocked" "done: skipped done" "blocked" "blocked" "skipped";
        NoneSkipped: "done: done done" "done: done failed" "skipped" "done: failed failed" "skipped" "skipped";
    }
}

// ---- `finally` beside the result

/// Not `Clone`: there is one.
#[derive(Debug, PartialEq)]
pub struct Report(String);

#[step]
async fn writes(probe: &Probe, text: &str) -> Result<Report, Refused> {
    takes_a_second(probe).await;
    if text.is_empty() {
        return Err(Refused("nothing to write"));
    }
    Ok(Report(text.to_owned()))
}

async fn takes_a_second(probe: &Probe) {
    tokio::time::sleep(secs(1)).await;
    probe.note("written".to_owned());
}

#[step(timeout = "1s")]
async fn files(probe: Probe, report: Outcome<&Report>, hangs: bool) {
    probe.note(
        report
            .done()
            .map_or("nothing".to_owned(), |report| report.0.clone()),
    );
    if hangs {
        std::future::pending::<()>().await;
    }
}

#[step]
fn unlocks(probe: &Probe, key: &Report) {
    probe.note(format!("unlocked {}", key.0));
}

workflow! {
    /// `finally` nodes look at a node's value and at an input that the result takes.
    pub Filed(probe: Probe, text: String, key: Report, hangs: bool) -> Result<(Report, Report), Refused> {
        report = writes(&probe, &text);
        #[node(finally, optional)]
        filed = files(probe.clone(), report, hangs);
        #[node(finally, after = [filed])]
        unlocks(&probe, &key);
        (report, key)
    }
}

#[tokio::test(start_paused = true)]
async fn finally_nodes_look_at_what_the_result_takes() -> Result<(), RunError<Refused>> {
    let report = |text: &str| Report(text.to_owned());
    for hangs in [false, true] {
        let probe = Probe::new();
        let result = Filed::run(probe.clone(), "a".to_owned(), report("key"), hangs).await?;
        assert_eq!(result, (report("a"), report("key")));
        assert_eq!(probe.notes(), ["written", "a", "unlocked key"]);
    }
    let probe = Probe::new();
    let failed = Filed::run(probe.clone(), String::new(), report("key"), false).await;
    assert!(failed.is_err());
    assert_eq!(probe.notes(), ["written", "nothing", "unlocked key"]);
    Ok(())
}

// ---- rules that are decided early

#[step]
fn first_of(probe: &Probe, a: Outcome<&&'static str>, b: Outcome<&&'static str>) -> String {
    let saw = format!("{} {}", a.as_str(), b.as_str());
    probe.note(saw.clone());
    saw
}

workflow! {
    pub Race(probe: Probe) -> String {
        quick = takes(&probe, "quick", 1);
        slow = takes(&probe, "slow", 5);
        #[node(on = one_success)]
        won = first_of(&probe, quick, slow);
        won.clone()
    }
}

workflow! {
    pub Alarm(probe: Probe) -> String {
        sound = takes(&probe, "sound", 5);
        broken = fails(&probe, "broken", 1);
        #[node(on = one_failed)]
        alarm = first_of(&probe, sound, broken);
        alarm.clone()
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_decided_early_starts_early_and_sees_what_is_pending() -> Result<(), RunError> {
    let (probe, began) = (Probe::new(), Instant::now());
    assert_eq!(Race::run(probe.clone()).await?, "done pending");
    assert_eq!(probe.times("done pending"), [secs(1)]);
    assert_eq!(
        probe.times("slow ends"),
        [secs(5)],
        "it is not held up, nor stopped"
    );
    assert_eq!(began.elapsed(), secs(5));

    let probe = Probe::new();
    assert_eq!(Alarm::run(probe.clone()).await?, "pending failed");
    assert_eq!(probe.times("pending failed"), [secs(1)]);
    Ok(())
}

// ---- finally

#[step]
fn closes(probe: &Probe, id: u32, work: Outcome<&u32>, unstarted: Outcome<&u32>) {
    probe.note(format!("{id}: {} {}", work.as_str(), unstarted.as_str()));
}

workflow! {
    pub Closing(probe: Probe, id: u32, end: End) -> u32 {
        work = source(end);
        after_work = pass(work);
        #[node(finally)]
        closes(&probe, id, work, after_work);
        after_work
    }
}

#[tokio::test(start_paused = true)]
async fn a_finally_node_sees_inputs_as_values_and_nodes_as_outcomes() {
    let probe = Probe::new();
    assert_eq!(Closing::run(probe.clone(), 1, End::Done).await.unwrap(), 1);
    Closing::run(probe.clone(), 2, End::Failed)
        .await
        .unwrap_err();
    assert_eq!(probe.notes(), ["1: done done", "2: failed blocked"]);
}

workflow! {
    pub Unneeded() -> u32 {
        begun = pass(3);
        #[node(on = all_failed)]
        skipped = unheard(begun);
        after_skipped = pass(skipped);
        begun + after_skipped
    }
}

#[tokio::test(start_paused = true)]
async fn a_result_that_was_skipped_fails_the_run_and_says_so() {
    let error = Unneeded::run().await.unwrap_err();
    let words = error.to_string();
    assert!(
        words.contains("node `after-skipped`")
            && words.ends_with("it was skipped and the result needs its value"),
        "{words}"
    );
}
