//! What the schedule means to those who write workflows, a case a row.

use super::notation::Told;

/// Rows of a scope, what happens in it, and how its nodes then stand.
fn check(rows: &str) {
    for row in rows.lines().map(str::trim) {
        if row.is_empty() || row.starts_with('#') {
            continue;
        }
        let (scope, rest) = row.split_once("->").unwrap();
        let (events, expected) = rest.split_once("=>").unwrap();
        let mut told = Told::begin(scope);
        told.tell(events);
        assert_eq!(told.standing(), expected.trim(), "{row}");
    }
}

#[test]
fn a_node_starts_when_what_it_names_is_done() {
    check(
        r"
        a; b(a); c(b) -> => a running; b waiting; c waiting
        a; b(a); c(b) -> a done => a done; b running; c waiting
        a; b; c(a) after:b -> a done => a done; b running; c waiting
        a; b; c(a) after:b -> a done; b done => a done; b done; c running
        # Read and waited for as well.
        a; b(a) after:a -> a done => a done; b running
        ",
    );
}

#[test]
fn an_unhandled_failure_lets_what_has_started_finish_and_starts_nothing_new() {
    check(
        r"
        # What depends on it and what does not.
        a; b(a); c; d(c) -> a failed => a failed; b blocked; c running; d blocked
        a; b(a); c; d(c) -> a failed; c done => a failed; b blocked; c done; d blocked
        # What is stopped while it runs is a failure too.
        a; b; c(b) -> a cancelled; b done => a cancelled; b done; c blocked
        # What cleans up still starts, once its rule says so.
        a; b; c(b) all_done -> a failed => a failed; b running; c waiting
        a; b; c(b) all_done -> a failed; b done => a failed; b done; c running
        # The whole chain behind it, read or waited for, runs.
        a; b handled; c(b) one_failed; d(c); e after:c -> b failed; a failed; c done => a failed; b failed; c done; d running; e running
        # But it does not make anything start that it names.
        a; b; c(b); d(c) all_done -> a failed => a failed; b running; c blocked; d running
        # What only joins ordinary paths is no cleaning up.
        a; b; c(b) none_failed -> a failed; b done => a failed; b done; c blocked
        a; b; c(b) none_failed_min_one_success -> a failed => a failed; b running; c blocked
        a; b; c(b) one_success -> a failed; b done => a failed; b done; c blocked
        a; b; c(b) all_skipped -> a failed => a failed; b running; c blocked
        # An alert on what never ran: that it was blocked counts as failed.
        a; b; c(b); d(c) one_failed -> a failed => a failed; b running; c blocked; d running
        ",
    );
}

#[test]
fn a_handled_failure_stops_only_what_needs_it() {
    check(
        r"
        a handled; b(a); c; d(c) -> a failed; c done => a failed; b blocked; c done; d running
        a handled; b(a) one_failed -> a failed => a failed; b running
        # The alert starts without waiting for the others.
        a handled; b handled; c(a,b) one_failed -> a failed => a failed; b running; c running
        a handled; b handled; c(a,b) one_success -> b done => a running; b done; c running
        # A rule that reads what a failure blocked.
        a handled; b(a); c(b) all_done -> a failed => a failed; b blocked; c running
        a handled; b(a); c(b) all_failed -> a failed => a failed; b blocked; c running
        a handled; b(a); c(b) none_failed -> a failed => a failed; b blocked; c blocked
        ",
    );
}

#[test]
fn what_needs_a_skipped_node_is_skipped() {
    check(
        r"
        a handled; b(a) one_failed; c(b); d(c) -> a done => a done; b skipped; c skipped; d skipped
        a handled; b(a) one_failed; c(a,b) none_failed -> a done => a done; b skipped; c running
        a handled; b(a) one_failed; c(b) none_skipped -> a done => a done; b skipped; c skipped
        a handled; b(a) one_failed; c(b) all_skipped -> a done => a done; b skipped; c running
        # A failure weighs more than a skip.
        a handled; b(a) all_skipped; c(a,b) -> a failed => a failed; b skipped; c blocked
        ",
    );
}

#[test]
fn an_optional_node_and_an_outcome_are_values_however_they_ended() {
    check(
        r"
        a optional handled; b(a) -> a failed => a failed; b running
        a outcome handled; b(a) -> a failed => a failed; b running
        a outcome handled; b after:a -> a failed => a failed; b running
        # Blocked and skipped ones too.
        a handled; b(a) optional; c(b) -> a failed => a failed; b blocked; c running
        a handled; b(a) outcome; c(b) -> a failed => a failed; b blocked; c running
        a handled; b(a) one_failed optional; c(b) -> a done => a done; b skipped; c running
        # But a rule looks at what they are.
        a optional handled; b(a) one_failed -> a failed => a failed; b running
        a outcome handled; b(a) one_failed -> a failed => a failed; b running
        a optional handled; b(a) none_failed -> a failed => a failed; b blocked
        # Whoever reads an outcome does not clean up for that.
        a outcome; b(a); c -> c failed; a done => a done; b blocked; c failed
        ",
    );
}

#[test]
fn a_branch_waits_for_what_its_arm_names() {
    check(
        r"
        a; b handled; c(a) if:b|; d(c) -> => a running; b running; c waiting; d waiting
        # It starts without `b`, which the other arm does not need.
        a; b handled; c(a) if:b|; d(c) -> a done; c 1; c done => a done; b running; c done; d running
        a; b handled; c(a) if:b|; d(c) -> a done; c 0 => a done; b running; c running; d waiting
        # The arm's failure is the branch's.
        a; b handled; c(a) if:b|; d(c) -> a done; c 0; b done; c failed => a done; b done; c failed; d blocked
        # What the arm names failed or was skipped.
        a; b handled; c(a) if:b|; d(c) -> a done; c 0; b failed => a done; b failed; c blocked; d blocked
        a; b handled; c(a) if:b|; d(c) -> a done; b failed; c 0 => a done; b failed; c blocked; d blocked
        a handled; b(a) one_failed; c if:b; d(c) -> a done; c 0 => a done; b skipped; c skipped; d skipped
        a optional handled; b if:a -> a failed; b 0; b done => a failed; b done
        # No arm: an absent value is one.
        a; b handled; c(a) if:b|; d(c) -> a done; c none => a done; b running; c done; d running
        # A choice is made once.
        a; b handled; c(a) if:b|; d(c) -> a done; c 0; c 1; c none => a done; b running; c running; d waiting
        ",
    );
    let mut told = Told::begin("a; b handled; c(a) if:b|; d(c)");
    told.tell("a done");
    assert_eq!(told.commanded(), "start a; start b; start c");
    told.tell("c 0; b done; c done; d done");
    assert_eq!(told.commanded(), "start c/0; start d; finish");
}

#[test]
fn a_stop_blocks_an_arm_that_has_not_started() {
    check(
        r"
        a; b; c if:b|; d(c) all_done -> c 0; a failed => a failed; b running; c blocked; d running
        # The head had started, and its arm is something new.
        a; b; c if:b|; d(c) all_done -> a failed; c 1 => a failed; b running; c blocked; d running
        a; b; c if:b|; d(c) all_done -> a failed; c 0 => a failed; b running; c blocked; d running
        a; b; c if:b|; d(c) all_done -> a failed; c none => a failed; b running; c done; d running
        # An arm under way goes on.
        a; b; c if:b|; d(c) all_done -> c 1; a failed; c done => a failed; b running; c done; d running
        ",
    );
}

#[test]
fn finally_nodes_run_last_and_however_the_run_ends() {
    check(
        r"
        a; b(a); c(a) finally -> a done => a done; b running; c waiting
        a; b(a); c(a) finally -> a done; b done => a done; b done; c running
        a; b(a); c(a) finally -> a failed => a failed; b blocked; c running
        a; b(a); c(a) finally -> a done; ! cancelled => a done; b running; c waiting
        a; b(a); c(a) finally -> a done; ! cancelled; b cancelled => a done; b cancelled; c running
        a; b(a); c(a) finally -> ! cancelled; a cancelled => a cancelled; b blocked; c running
        # Its own failure changes nothing for the other ones.
        a; b finally; c finally -> a done; b failed => a done; b failed; c running
        # One waits for another that it names, however that ended.
        a; b finally; c(b) finally -> a done => a done; b running; c waiting
        a; b finally; c(b) finally -> a done; b failed => a done; b failed; c running
        # With a rule of its own it runs for some ends only, and still last.
        a; b; c(a) finally one_failed -> a failed => a failed; b running; c waiting
        a; b; c(a) finally one_failed -> a failed; b done => a failed; b done; c running
        a; b; c(a) finally one_failed -> a done; b failed => a done; b failed; c skipped
        a; b(a) finally none_failed -> a done => a done; b running
        a; b(a) finally none_failed; c(b) finally -> a failed => a failed; b blocked; c running
        # A scope of nothing else.
        a finally; b(a) finally -> => a running; b waiting
        ",
    );
}

#[test]
fn a_cancelled_run_starts_nothing_but_finally_nodes() {
    check(
        r"
        a; b(a) all_done -> ! cancelled; a cancelled => a cancelled; b blocked
        a; b(a) all_done -> ! failing; a done => a done; b running
        # The stricter stop wins, whichever comes first.
        a; b(a) all_done -> ! failing; ! cancelled; a done => a done; b blocked
        a; b(a) all_done -> ! cancelled; ! failing; a done => a done; b blocked
        a; b all_done if:| -> a failed; b 0 => a failed; b running
        a; b all_done if:| -> ! cancelled; a failed; b 0 => a failed; b blocked
        ",
    );
}

#[test]
fn the_end_is_said_once() {
    let mut told = Told::begin("a; b(a)");
    told.tell("a done; b done; b failed; a failed; ! cancelled");
    assert_eq!(told.commanded(), "start a; start b; finish");
    assert_eq!(told.standing(), "a done; b done");
    let mut told = Told::begin("a; b(a)");
    told.tell("a failed; a done; ! failing");
    assert_eq!(told.commanded(), "start a; b blocked; finish");
}
