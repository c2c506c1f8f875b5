//! What the agent can do: calculate, count the words of a file, tell dates.

use std::path::{Component, Path};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use thiserror::Error;

use crate::calculator::{CalculationError, calculate};
use crate::protocol::ToolCall;

/// What the models are told about the tools.
pub const TOOLS: &str = "\
You answer questions with the help of tools, which you call by name with one line of input. \
calculate: an arithmetic expression with + - * / ^ and parentheses, such as (17 + 4) * 23. \
count_words: the path of a text file, relative to the working directory. \
days_between: two dates, such as 2026-03-01 2026-03-31. \
today: nothing. \
Call all the tools that you need at once where none needs the result of another. \
When you have all results, answer in one sentence for each part of the question.";

/// Why a tool gave nothing.
#[derive(Debug, Error)]
pub enum ToolError {
    #[error("there is no tool named `{0}`")]
    Unknown(String),
    #[error("{0}")]
    Calculation(#[from] CalculationError),
    #[error("`{0}` is outside of the working directory")]
    Outside(String),
    #[error("`{path}` cannot be read: {error}")]
    File { path: String, error: std::io::Error },
    #[error("`{0}` is not a date such as 2026-03-31")]
    Date(String),
    #[error("two dates are wanted")]
    Dates,
}

/// Does what a model asks for; files are those under `files`.
///
/// # Errors
/// If there is no such tool, or its input makes no sense to it.
pub fn use_tool(call: &ToolCall, files: &Path) -> Result<String, ToolError> {
    let input = call.input.trim();
    match call.tool.as_str() {
        "calculate" => Ok(calculate(input)?.to_string()),
        "count_words" => count_words(input, files).map(|words| words.to_string()),
        "days_between" => days_between(input).map(|days| days.to_string()),
        "today" => Ok(Timestamp::now().to_zoned(TimeZone::UTC).date().to_string()),
        other => Err(ToolError::Unknown(other.to_owned())),
    }
}

fn count_words(path: &str, files: &Path) -> Result<usize, ToolError> {
    let inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    if !Path::new(path).components().all(inside) {
        return Err(ToolError::Outside(path.to_owned()));
    }
    let text = std::fs::read_to_string(files.join(path));
    let text = text.map_err(|error| ToolError::File {
        path: path.to_owned(),
        error,
    })?;
    Ok(text.split_whitespace().count())
}

fn days_between(input: &str) -> Result<i32, ToolError> {
    let date = |text: &str| {
        text.parse::<Date>()
            .map_err(|_| ToolError::Date(text.to_owned()))
    };
    match input.split_whitespace().collect::<Vec<_>>().as_slice() {
        [from, to] => {
            let (from, to) = (date(from)?, date(to)?);
            Ok((to - from).get_days())
        }
        _ => Err(ToolError::Dates),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(tool: &str, input: &str) -> Result<String, String> {
        let call = ToolCall {
            tool: tool.to_owned(),
            input: input.to_owned(),
        };
        use_tool(&call, Path::new(env!("CARGO_MANIFEST_DIR"))).map_err(|error| error.to_string())
    }

    fn given(text: &str) -> Result<String, String> {
        Ok(text.to_owned())
    }

    fn refused(text: &str) -> Result<String, String> {
        Err(text.to_owned())
    }

    #[test]
    fn calculations() {
        assert_eq!(used("calculate", "(17 + 4) * 23"), given("483"));
        assert_eq!(used("calculate", "7 / 2"), given("3.5"));
        assert_eq!(
            used("calculate", "1 +"),
            refused("a number was expected at character 4")
        );
    }

    #[test]
    fn days() {
        assert_eq!(used("days_between", "2026-02-01 2026-03-01"), given("28"));
        assert_eq!(used("days_between", "2026-03-01 2024-03-01"), given("-730"));
        assert_eq!(
            used("days_between", "2026-02-30 2026-03-01"),
            refused("`2026-02-30` is not a date such as 2026-03-31")
        );
        assert_eq!(
            used("days_between", "2026-02-01"),
            refused("two dates are wanted")
        );
    }

    #[test]
    fn today_is_a_date() {
        let today = used("today", "").unwrap();
        assert!(
            used("days_between", &format!("2026-01-01 {today}"))
                .unwrap()
                .parse::<i32>()
                .unwrap()
                > 0
        );
    }

    #[test]
    fn words() {
        let license = used("count_words", "Cargo.toml").unwrap();
        assert!(license.parse::<u32>().unwrap() > 100);
        assert!(
            used("count_words", "no-such-file.txt")
                .unwrap_err()
                .starts_with("`no-such-file.txt` cannot be read")
        );
    }

    #[test]
    fn files_elsewhere_are_not_read() {
        for path in ["/etc/passwd", "../secret.txt", "docs/../../secret.txt"] {
            assert_eq!(
                used("count_words", path),
                refused(&format!("`{path}` is outside of the working directory"))
            );
        }
    }

    #[test]
    fn an_unknown_tool_is_refused() {
        assert_eq!(
            used("launch", "all"),
            refused("there is no tool named `launch`")
        );
    }
}
