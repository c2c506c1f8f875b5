//! The agent: turns of a model and its tools, until there is an answer.

use std::path::PathBuf;

use orch::prelude::*;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::client::{ModelError, Models, Reply};
use crate::protocol::{Message, Model, ToolCall, tokens};
use crate::tools::{self, TOOLS, ToolError};

/// A conversation under way.
#[derive(Debug, Clone)]
pub struct Talk {
    messages: Vec<Message>,
    /// Where the files are that tools may read.
    files: PathBuf,
    /// Who answered each turn.
    models: Vec<Model>,
}

/// What came of a conversation.
#[derive(Debug, Clone)]
pub struct Answer {
    pub text: String,
    /// Who answered each turn.
    pub models: Vec<Model>,
    pub transcript: Vec<Message>,
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum AgentError {
    /// No model answered.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A turn came to no end.
    #[error(transparent)]
    Turn(#[from] RunError<Self>),
}

/// A piece of what a model says, while it says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partial {
    pub model: Model,
    /// The turn and the attempt, so that a reader knows when a model starts again.
    pub turn: usize,
    pub attempt: u32,
    pub text: String,
}

/// How much a question asks of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difficulty {
    Easy,
    Hard,
}

impl Talk {
    /// A conversation that begins with a question.
    pub fn about(question: &str, files: PathBuf) -> Self {
        let system = Message::System {
            text: TOOLS.to_owned(),
        };
        let user = Message::User {
            text: question.to_owned(),
        };
        Self {
            messages: vec![system, user],
            files,
            models: Vec::new(),
        }
    }

    /// How much it asks of a model: what asks for several things is hard.
    pub fn difficulty(&self) -> Difficulty {
        let asks = |message: &Message| match message {
            Message::User { text } => text.matches([',', '?', ';']).count(),
            _ => 0,
        };
        if self.messages.iter().map(asks).sum::<usize>() > 1 {
            Difficulty::Hard
        } else {
            Difficulty::Easy
        }
    }

    /// About how many tokens a model has to read.
    pub fn tokens(&self) -> u32 {
        tokens(&self.messages)
    }

    /// The conversation after a turn; it ends when the model asks for no more tools.
    fn after(&self, reply: &Reply, results: &[Outcome<String>]) -> ControlFlow<Answer, Self> {
        let mut next = self.clone();
        next.models.push(reply.model);
        next.messages.push(Message::Model {
            text: reply.text.clone(),
            calls: reply.calls.clone(),
        });
        if reply.calls.is_empty() {
            return ControlFlow::Break(Answer {
                text: reply.text.clone(),
                models: next.models,
                transcript: next.messages,
            });
        }
        let results = reply.calls.iter().zip(results).map(|(call, result)| {
            let (failed, text) = match result {
                Outcome::Done(text) => (false, text.clone()),
                Outcome::Failed(error) => (true, error.message().to_owned()),
                Outcome::Skipped | Outcome::Blocked | Outcome::Pending => {
                    (true, "it was not used".to_owned())
                }
            };
            Message::Tool {
                call: call.clone(),
                failed,
                text,
            }
        });
        next.messages.extend(results);
        ControlFlow::Continue(next)
    }
}

/// Asks the large model, and passes on what it says while it says it.
#[step(
    retries = 1,
    backoff = "100ms..1s",
    timeout = "3s",
    rate_limit("24000/min", burst = 500, name = "model-tokens", weight = talk.tokens()),
    breaker(failure_threshold = 3, recovery_timeout = "30s"),
    retry_if = ModelError::retry,
)]
async fn ask_large(
    talk: &Talk,
    #[ctx] ctx: &StepCtx,
    #[resource] models: &Models,
) -> Result<Reply, ModelError> {
    ask(Model::Large, talk, ctx, models).await
}

/// Asks the small model, and passes on what it says while it says it.
#[step(
    retries = 2,
    backoff = "100ms..1s",
    timeout = "3s",
    rate_limit("24000/min", burst = 500, name = "model-tokens", weight = talk.tokens()),
    retry_if = ModelError::retry,
)]
async fn ask_small(
    talk: &Talk,
    #[ctx] ctx: &StepCtx,
    #[resource] models: &Models,
) -> Result<Reply, ModelError> {
    ask(Model::Small, talk, ctx, models).await
}

async fn ask(
    model: Model,
    talk: &Talk,
    ctx: &StepCtx,
    models: &Models,
) -> Result<Reply, ModelError> {
    let (turn, attempt) = (talk.models.len() + 1, ctx.attempt());
    let said = |text: &str| {
        ctx.emit(&Partial {
            model,
            turn,
            attempt,
            text: text.to_owned(),
        });
    };
    models.ask(model, &talk.messages, said).await
}

/// Uses a tool; files are read on the threads that may block.
#[step(blocking)]
fn use_tool(call: ToolCall, files: PathBuf) -> Result<String, ToolError> {
    tools::use_tool(&call, &files)
}

workflow! {
    /// A turn: a model says what to do, and its tools do it side by side.
    pub Turn(talk: Talk) -> Result<ControlFlow<Answer, Talk>, AgentError> {
        reply = match talk.difficulty() {
            Difficulty::Hard => ask_large(&talk).or_else(ask_small(&talk)),
            Difficulty::Easy => ask_small(&talk),
        };
        results = for call in &reply.calls {
            used = use_tool(call.clone(), talk.files.clone()).outcome();
            used.cloned()
        };

        talk.after(&reply, &results)
    }
}

workflow! {
    /// Answers a question with the help of models and tools.
    #[workflow(version = "1.0.0", owner = "agents", deadline = "5m")]
    pub Agent(talk: Talk) -> Result<Answer, AgentError> {
        Turn::run(talk).repeat(max = 12)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn talk(question: &str) -> Talk {
        Talk::about(question, PathBuf::from("."))
    }

    fn reply(calls: Vec<ToolCall>) -> Reply {
        Reply {
            model: Model::Small,
            text: "I need today.".to_owned(),
            calls,
            tokens: 6,
        }
    }

    #[test]
    fn what_asks_for_several_things_is_hard() {
        assert_eq!(talk("What is 2 + 2?").difficulty(), Difficulty::Easy);
        assert_eq!(
            talk("What is 2 + 2, and how long until 2030-01-01?").difficulty(),
            Difficulty::Hard
        );
    }

    #[test]
    fn a_turn_with_tools_goes_on_and_one_without_ends() {
        let talk = talk("What day is it?");
        let call = ToolCall {
            tool: "today".to_owned(),
            input: String::new(),
        };
        let results = [Outcome::Done("2026-03-02".to_owned())];
        let ControlFlow::Continue(next) = talk.after(&reply(vec![call]), &results) else {
            panic!("a turn with a tool ended the talk");
        };
        assert!(next.tokens() > talk.tokens());
        assert_eq!(next.models, [Model::Small]);
        let ControlFlow::Break(answer) = next.after(&reply(vec![]), &[]) else {
            panic!("a turn without tools went on");
        };
        assert_eq!((answer.models.len(), answer.transcript.len()), (2, 5));
    }

    #[test]
    fn what_was_not_used_is_said() {
        let talk = talk("What day is it?");
        let call = ToolCall {
            tool: "today".to_owned(),
            input: String::new(),
        };
        let ControlFlow::Continue(next) = talk.after(&reply(vec![call]), &[Outcome::Blocked])
        else {
            panic!("a turn with a tool ended the talk");
        };
        assert!(matches!(
            next.messages.last(),
            Some(Message::Tool { failed: true, .. })
        ));
    }
}
