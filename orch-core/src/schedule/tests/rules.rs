//! The truth table of the rules.

use super::model::{Verdict, judge};
use super::notation::Told;
use crate::plan::Rule;
use crate::schedule::Status;

/// What each rule says of two nodes: done, failed or skipped.
#[test]
fn rules_of_two_nodes() {
    use Verdict::{Block, Skip, Start};
    use {Status::Done as D, Status::Failed as F, Status::Skipped as S};
    let columns = [[D, D], [D, F], [D, S], [F, F], [F, S], [S, S]];
    let rows = [
        (Rule::AllSuccess, [Start, Block, Skip, Block, Block, Skip]),
        (Rule::AllDone, [Start, Start, Start, Start, Start, Start]),
        (Rule::AllFailed, [Skip, Skip, Skip, Start, Skip, Skip]),
        (Rule::AllSkipped, [Skip, Skip, Skip, Skip, Skip, Start]),
        (Rule::OneSuccess, [Start, Start, Start, Block, Block, Skip]),
        (Rule::OneFailed, [Skip, Start, Skip, Start, Start, Skip]),
        (Rule::NoneFailed, [Start, Block, Start, Block, Block, Start]),
        (
            Rule::NoneFailedMinOneSuccess,
            [Start, Block, Start, Block, Block, Skip],
        ),
        (Rule::NoneSkipped, [Start, Start, Skip, Start, Skip, Skip]),
    ];
    assert_eq!(rows.map(|(rule, _)| rule), Rule::ALL);
    for (rule, verdicts) in rows {
        for (ended, verdict) in columns.into_iter().zip(verdicts) {
            for ended in [ended, [ended[1], ended[0]]] {
                let context = format!("{} of {ended:?}", rule.as_str());
                assert_eq!(decided(rule, &ended), verdict.status(), "{context}");
                assert_eq!(judge(rule, &ended), Some(verdict), "the model: {context}");
            }
        }
    }
}

/// Every rule and all ends of up to three nodes, ended one by one in every order.
#[test]
fn all_rules_of_up_to_three_nodes() {
    const ENDS: [Status; 5] = [
        Status::Done,
        Status::Failed,
        Status::Skipped,
        Status::Blocked,
        Status::Cancelled,
    ];
    let mut rows = 0;
    for rule in Rule::ALL {
        for count in 0..=3 {
            for row in 0..ENDS.len().pow(count) {
                let digit = |place: u32| ENDS[row / ENDS.len().pow(place) % ENDS.len()];
                let ends: Vec<Status> = (0..count).map(digit).collect();
                let expected = judge(rule, &ends).unwrap().status();
                let context = format!("{} of {ends:?}", rule.as_str());
                assert_eq!(decided(rule, &ends), expected, "{context}");
                rows += 1;
            }
        }
    }
    assert_eq!(rows, 9 * (1 + 5 + 25 + 125));
}

/// How a node of this rule stands when those that it names have ended, one by one;
/// after each of them it must stand as the model says, neither earlier nor later.
fn decided(rule: Rule, ends: &[Status]) -> Status {
    let named: Vec<String> = (0..ends.len()).map(|idx| format!("n{idx}")).collect();
    let mut text: Vec<String> = ends
        .iter()
        .zip(&named)
        .map(|(end, name)| source(name, *end))
        .collect();
    text.push(format!("target({}) {}", named.join(","), rule.as_str()));
    let mut told = Told::begin(&text.join("; "));
    let mut looks = vec![Status::Running; ends.len()];
    for so_far in 0..=ends.len() {
        if let Some(ended) = so_far.checked_sub(1) {
            told.tell(&cause(&named[ended], ends[ended]));
            looks[ended] = ends[ended];
        }
        let standing = told.standing();
        let expected = judge(rule, &looks).map_or(Status::Waiting, Verdict::status);
        let expected = format!("target {}", expected.as_str());
        let context = format!("{} of {looks:?}: {standing}", rule.as_str());
        assert!(standing.ends_with(&expected), "{context}");
    }
    told.status("target")
}

/// A node that can be made to end so; what it takes to block or to skip it is beside it.
fn source(name: &str, end: Status) -> String {
    match end {
        Status::Skipped => format!("{name}x handled; {name}({name}x) all_failed handled"),
        Status::Blocked => format!("{name}x handled; {name}({name}x) handled"),
        _ => format!("{name} handled"),
    }
}

fn cause(name: &str, end: Status) -> String {
    match end {
        Status::Skipped => format!("{name}x done"),
        Status::Blocked => format!("{name}x failed"),
        end => format!("{name} {}", end.as_str()),
    }
}
