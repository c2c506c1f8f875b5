//! The scripted models: rules that read the question, ask for tools, and answer from what the tools gave.

use std::collections::HashMap;

use crate::protocol::{Message, Model, ToolCall};

/// What a model says to a conversation: text, and tools that it wants used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub text: String,
    pub calls: Vec<ToolCall>,
}

/// The large model asks for all tools at once, the small one for one at a time.
pub fn say(model: Model, messages: &[Message]) -> Said {
    let question = messages.iter().find_map(|message| match message {
        Message::User { text } => Some(text.as_str()),
        _ => None,
    });
    let known = Known::from(messages);
    let parts = parts(question.unwrap_or_default());
    let mut calls: Vec<ToolCall> = Vec::new();
    for call in parts.iter().filter_map(|part| part.next(&known)) {
        if !calls.contains(&call) {
            calls.push(call);
        }
    }
    if calls.is_empty() {
        calls.extend(total(question.unwrap_or_default(), &parts, &known));
    }
    if model == Model::Small {
        calls.truncate(1);
    }
    if calls.is_empty() {
        return Said {
            text: answer(question.unwrap_or_default(), &parts, &known),
            calls,
        };
    }
    let wanted = calls.iter().map(|call| {
        format!("{} {}", call.tool, call.input)
            .trim_end()
            .to_owned()
    });
    Said {
        text: format!("I need {}.", wanted.collect::<Vec<_>>().join(" and ")),
        calls,
    }
}

/// What the tools gave so far.
#[derive(Debug, Default)]
struct Known<'a>(HashMap<(&'a str, &'a str), Result<&'a str, &'a str>>);

impl<'a> From<&'a [Message]> for Known<'a> {
    fn from(messages: &'a [Message]) -> Self {
        let results = messages.iter().filter_map(|message| match message {
            Message::Tool { call, failed, text } => {
                let result = if *failed {
                    Err(text.as_str())
                } else {
                    Ok(text.as_str())
                };
                Some(((call.tool.as_str(), call.input.as_str()), result))
            }
            _ => None,
        });
        Self(results.collect())
    }
}

impl<'a> Known<'a> {
    fn get(&self, call: &ToolCall) -> Option<Result<&'a str, &'a str>> {
        self.0
            .get(&(call.tool.as_str(), call.input.as_str()))
            .copied()
    }
}

/// A part of a question that tools can answer.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Words(String),
    Value(String),
    Days(String, String),
    DaysUntil(String),
}

fn call(tool: &str, input: impl Into<String>) -> ToolCall {
    ToolCall {
        tool: tool.to_owned(),
        input: input.into(),
    }
}

impl Part {
    /// The call that gives this part's result, once what it needs is known.
    fn last(&self, known: &Known<'_>) -> Option<ToolCall> {
        Some(match self {
            Self::Words(path) => call("count_words", path),
            Self::Value(expression) => call("calculate", expression),
            Self::Days(from, to) => call("days_between", format!("{from} {to}")),
            Self::DaysUntil(date) => {
                let today = known.get(&call("today", ""))?.ok()?;
                call("days_between", format!("{today} {date}"))
            }
        })
    }

    /// The next call that this part needs.
    fn next(&self, known: &Known<'_>) -> Option<ToolCall> {
        let call = self.last(known).unwrap_or_else(|| call("today", ""));
        known.get(&call).is_none().then_some(call)
    }

    fn result<'a>(&self, known: &Known<'a>) -> Option<Result<&'a str, &'a str>> {
        known.get(&self.last(known)?)
    }

    fn sentence(&self, result: Result<&str, &str>) -> String {
        match (self, result) {
            (Self::Words(path), Ok(count)) => format!("{path} has {count} words."),
            (Self::Value(expression), Ok(value)) => format!("{expression} is {value}."),
            (Self::Days(from, to), Ok(days)) => format!("The days from {from} to {to} are {days}."),
            (Self::DaysUntil(date), Ok(days)) => format!("The days until {date} are {days}."),
            (Self::Words(path), Err(why)) => format!("I cannot count the words of {path}: {why}."),
            (Self::Value(expression), Err(why)) => {
                format!("I cannot calculate {expression}: {why}.")
            }
            (_, Err(why)) => format!("I cannot count the days: {why}."),
        }
    }
}

/// The parts of a question: files, expressions and dates, in this order.
fn parts(question: &str) -> Vec<Part> {
    let words = || {
        question
            .split_whitespace()
            .map(|word| word.trim_matches(|c: char| ",;:?!\"'`".contains(c)))
    };
    let files = words()
        .map(|word| word.trim_end_matches('.'))
        .filter(|word| is_file(word));
    let mut parts: Vec<Part> = files.map(|path| Part::Words(path.to_owned())).collect();
    let dates: Vec<&str> = words()
        .map(|word| word.trim_end_matches('.'))
        .filter(|word| is_date(word))
        .collect();
    let rest = dates
        .iter()
        .fold(question.to_owned(), |rest, date| rest.replace(date, "|"));
    parts.extend(expressions(&rest).into_iter().map(Part::Value));
    match dates.as_slice() {
        [from, to, ..] => parts.push(Part::Days((*from).to_owned(), (*to).to_owned())),
        [date] => parts.push(Part::DaysUntil((*date).to_owned())),
        [] => {}
    }
    parts
}

/// `README.md`, `docs/guide.txt`: a name with letters behind its last dot.
fn is_file(word: &str) -> bool {
    let Some((name, ending)) = word.rsplit_once('.') else {
        return false;
    };
    let letters = (2..5).contains(&ending.len()) && ending.chars().all(|c| c.is_ascii_alphabetic());
    letters && name.chars().any(char::is_alphanumeric)
}

/// `2026-03-31`
fn is_date(word: &str) -> bool {
    let lengths = word.split('-').map(str::len);
    lengths.eq([4, 2, 2]) && word.chars().all(|c| c.is_ascii_digit() || c == '-')
}

/// The stretches of a text that calculate something: at least two numbers and an operator between.
fn expressions(text: &str) -> Vec<String> {
    let belongs = |c: char| c.is_ascii_digit() || "+-*/^(). ".contains(c);
    let stretches = text.split(|c: char| !belongs(c));
    let trimmed = stretches
        .map(|stretch| stretch.trim_matches(|c: char| ". ".contains(c) || "+*/^".contains(c)));
    let calculates = |stretch: &&str| {
        let numbers = stretch
            .split(|c: char| !c.is_ascii_digit() && c != '.')
            .filter(|number| !number.is_empty());
        numbers.count() > 1 && stretch.contains(|c| "+-*/^".contains(c))
    };
    trimmed.filter(calculates).map(ToOwned::to_owned).collect()
}

/// Whether the question wants the numbers added up.
fn wants_total(question: &str) -> bool {
    let question = question.to_lowercase();
    ["together", "in total", "add them", "all told"]
        .iter()
        .any(|words| question.contains(words))
}

/// The calculation that adds up all results, where the question wants that and there is more than one.
fn total_of(question: &str, parts: &[Part], known: &Known<'_>) -> Option<ToolCall> {
    let numbers: Vec<&str> = parts
        .iter()
        .filter_map(|part| part.result(known)?.ok())
        .collect();
    (wants_total(question) && numbers.len() > 1).then(|| call("calculate", numbers.join(" + ")))
}

fn total(question: &str, parts: &[Part], known: &Known<'_>) -> Option<ToolCall> {
    total_of(question, parts, known).filter(|call| known.get(call).is_none())
}

/// The answer, when there is nothing more to find out.
fn answer(question: &str, parts: &[Part], known: &Known<'_>) -> String {
    let results = parts
        .iter()
        .filter_map(|part| Some((part, part.result(known)?)));
    let mut sentences: Vec<String> = results
        .map(|(part, result)| part.sentence(result))
        .collect();
    let total = total_of(question, parts, known).and_then(|call| known.get(&call)?.ok());
    sentences.extend(total.map(|total| format!("Together that makes {total}.")));
    if sentences.is_empty() {
        return "I can count the words of files, calculate, and count days; this asks for none of it.".to_owned();
    }
    sentences.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(text: &str) -> Message {
        Message::User {
            text: text.to_owned(),
        }
    }

    fn tool(name: &str, input: &str, result: Result<&str, &str>) -> Message {
        let (failed, text) = match result {
            Ok(text) => (false, text),
            Err(text) => (true, text),
        };
        Message::Tool {
            call: call(name, input),
            failed,
            text: text.to_owned(),
        }
    }

    const QUESTION: &str = "How many words are in README.md, what is (17 + 4) * 23, and how many days are from 2026-01-01 to 2026-02-01? \
         What is that together?";

    #[test]
    fn a_question_is_taken_apart() {
        let expected = [
            Part::Words("README.md".to_owned()),
            Part::Value("(17 + 4) * 23".to_owned()),
            Part::Days("2026-01-01".to_owned(), "2026-02-01".to_owned()),
        ];
        assert_eq!(parts(QUESTION), expected);
        assert_eq!(parts("What is 2 ^ 10?"), [Part::Value("2 ^ 10".to_owned())]);
        assert_eq!(
            parts("How long until 2030-01-01?"),
            [Part::DaysUntil("2030-01-01".to_owned())]
        );
        assert_eq!(parts("How are you? Version 1.5, i.e. well."), []);
    }

    #[test]
    fn the_large_model_asks_for_all_at_once_and_the_small_one_for_one() {
        let asked = |model| say(model, &[user(QUESTION)]).calls;
        let all = asked(Model::Large);
        assert_eq!(all.len(), 3);
        assert_eq!(asked(Model::Small), [call("count_words", "README.md")]);
    }

    #[test]
    fn results_lead_to_the_next_call_and_to_the_answer() {
        let mut talk = vec![
            user(QUESTION),
            tool("count_words", "README.md", Ok("100")),
            tool("calculate", "(17 + 4) * 23", Ok("483")),
            tool("days_between", "2026-01-01 2026-02-01", Ok("31")),
        ];
        let sum = "100 + 483 + 31";
        assert_eq!(say(Model::Large, &talk).calls, [call("calculate", sum)]);
        talk.push(tool("calculate", sum, Ok("614")));
        let said = say(Model::Large, &talk);
        let answer = "README.md has 100 words. (17 + 4) * 23 is 483. The days from 2026-01-01 to 2026-02-01 are 31. \
                      Together that makes 614.";
        assert_eq!(
            said,
            Said {
                text: answer.to_owned(),
                calls: vec![]
            }
        );
    }

    #[test]
    fn days_until_a_date_need_today() {
        let mut talk = vec![user("How many days until 2030-01-01?")];
        assert_eq!(say(Model::Small, &talk).calls, [call("today", "")]);
        talk.push(tool("today", "", Ok("2029-12-31")));
        assert_eq!(
            say(Model::Small, &talk).calls,
            [call("days_between", "2029-12-31 2030-01-01")]
        );
        talk.push(tool("days_between", "2029-12-31 2030-01-01", Ok("1")));
        assert_eq!(
            say(Model::Small, &talk).text,
            "The days until 2030-01-01 are 1."
        );
    }

    #[test]
    fn a_failed_tool_is_reported() {
        let talk = [
            user("How many words has no.txt?"),
            tool("count_words", "no.txt", Err("not found")),
        ];
        let said = say(Model::Large, &talk);
        assert_eq!(said.text, "I cannot count the words of no.txt: not found.");
        assert_eq!(said.calls, []);
    }

    #[test]
    fn what_no_tool_can_answer_is_said() {
        assert!(
            say(Model::Small, &[user("How are you?")])
                .text
                .starts_with("I can count the words")
        );
        assert!(say(Model::Small, &[]).calls.is_empty());
    }
}
