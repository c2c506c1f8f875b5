use std::collections::HashMap;
use std::fs;

use tempfile::TempDir;

use crate::{run, text};

const QUESTION: &str = "How many words are in notes.txt, what is (17 + 4) * 23, and how many days are from 2026-01-01 \
    to 2026-02-01? What is that together?";
const ANSWER: &str = "= notes.txt has 7 words. (17 + 4) * 23 is 483. The days from 2026-01-01 to 2026-02-01 are 31. \
    Together that makes 521.";

fn files() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(
        dir.path().join("notes.txt"),
        "one two three\nfour five\n\nsix  seven\n",
    )
    .unwrap();
    dir
}

/// Asks the question, and gives the exit code, what was printed, and what the server counted of each model.
fn asked(arguments: &[&str]) -> (Option<i32>, String, HashMap<String, HashMap<String, u32>>) {
    let files = files();
    let fixed = ["--pace", "1", "--files", files.path().to_str().unwrap()];
    let ran = run("agent_loop", &[&fixed, arguments].concat());
    assert_eq!(text(&ran.stderr), "");
    let printed = text(&ran.stdout).to_owned();
    let counted = printed
        .lines()
        .skip_while(|line| !line.starts_with("What the server counted"));
    let accounts = counted.filter_map(|line| {
        let (model, counts) = line.split_once(": ")?;
        let counts = counts.split(", ").filter_map(|count| {
            let (number, what) = count.split_once(' ')?;
            Some((what.to_owned(), number.parse().ok()?))
        });
        Some((model.to_owned(), counts.collect()))
    });
    let accounts = accounts.collect();
    (ran.status.code(), printed, accounts)
}

#[test]
fn a_hard_question_is_the_large_models_and_takes_three_turns() {
    let (code, printed, accounts) = asked(&["--question", QUESTION]);
    assert_eq!(code, Some(0), "{printed}");
    assert!(printed.contains(ANSWER), "{printed}");
    assert!(printed.contains("Transcript, 3 turns:"), "{printed}");
    assert!(
        printed.contains("tool   count_words notes.txt -> 7"),
        "{printed}"
    );
    let large = &accounts["large"];
    assert_eq!((large["requests"], large["limited"]), (3, 0));
    assert!(!accounts.contains_key("small"));
    // What was streamed comes before the transcript.
    let (live, _) = printed.split_once("Transcript").unwrap();
    assert_eq!(live.matches("\n  large > ").count(), 3);
    assert!(live.contains("Together that makes 521."), "{printed}");
}

#[test]
fn an_easy_question_is_the_small_models() {
    let (code, printed, accounts) = asked(&["--question", "What is 2 ^ 10?"]);
    assert_eq!(code, Some(0), "{printed}");
    assert!(printed.contains("= 2 ^ 10 is 1024."), "{printed}");
    assert_eq!(accounts["small"]["requests"], 2);
    assert!(!accounts.contains_key("large"));
}

#[test]
fn the_small_model_answers_where_the_large_one_is_down() {
    let (code, printed, accounts) = asked(&["--question", QUESTION, "--large", "down"]);
    assert_eq!(code, Some(0), "{printed}");
    assert!(printed.contains(ANSWER), "{printed}");
    // One tool a turn; three failures open the breaker, and from then on the large model is left alone.
    assert!(printed.contains("Transcript, 5 turns:"), "{printed}");
    assert_eq!(
        (accounts["large"]["requests"], accounts["large"]["refused"]),
        (3, 3)
    );
    assert_eq!(accounts["small"]["requests"], 5);
    assert_eq!(printed.matches("! another model is asked").count(), 5);
}

#[test]
fn an_answer_that_breaks_off_is_asked_for_again() {
    let (code, printed, accounts) = asked(&["--question", QUESTION, "--large", "flaky"]);
    assert_eq!(code, Some(0), "{printed}");
    assert!(printed.contains(ANSWER), "{printed}");
    assert_eq!(
        (accounts["large"]["requests"], accounts["large"]["cut"]),
        (6, 3)
    );
    assert!(!accounts.contains_key("small"));
    let (live, _) = printed.split_once("Transcript").unwrap();
    assert_eq!(live.matches("\n  large > ").count(), 6);
}

#[test]
fn a_budget_of_tokens_is_kept_by_all_models_together() {
    let hard = ["--question", QUESTION, "--question", QUESTION];
    let easy = [
        "--question",
        "What is 2 ^ 10?",
        "--question",
        "What is 3 ^ 5?",
    ];
    let (code, printed, accounts) = asked(&[&hard[..], &easy[..]].concat());
    assert_eq!(code, Some(0), "{printed}");
    let tokens: u32 = accounts
        .values()
        .map(|account| account["prompt tokens"])
        .sum();
    // More than is let through at once, so that somebody waited, and the server had to send nobody away.
    assert!(tokens > 1_500, "{printed}");
    assert!(
        accounts.values().all(|account| account["limited"] == 0),
        "{printed}"
    );
    let waited = printed
        .lines()
        .find_map(|line| line.strip_prefix("The calls waited "));
    let waited: f64 = waited.unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(waited > 1.0, "{printed}");
}

#[test]
fn a_tool_that_fails_is_told_to_the_model() {
    let (code, printed, _) = asked(&[
        "--question",
        "How many words are in ../secret.txt and in gone.txt?",
    ]);
    assert_eq!(code, Some(0), "{printed}");
    assert!(
        printed.contains("failed: `../secret.txt` is outside of the working directory"),
        "{printed}"
    );
    assert!(
        printed.contains("I cannot count the words of gone.txt: `gone.txt` cannot be read"),
        "{printed}"
    );
}

#[test]
fn a_talk_that_comes_to_no_end_is_ended() {
    let many: Vec<String> = (1..=13).map(|n| format!("{n} + {n}")).collect();
    let question = format!("What is {} and all that", many.join(" and "));
    let (code, printed, accounts) = asked(&["--question", &question]);
    assert_eq!(code, Some(1), "{printed}");
    assert!(printed.contains("= no answer: "), "{printed}");
    assert_eq!(accounts["small"]["requests"], 12);
}

#[test]
fn help_is_given() {
    let ran = run("agent_loop", &["--help"]);
    assert!(ran.status.success());
    for option in ["--question", "--large", "--files", "--pace"] {
        assert!(text(&ran.stdout).contains(option), "{option}");
    }
}
