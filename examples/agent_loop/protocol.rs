//! What the agent and the model server say to each other.

use serde::{Deserialize, Serialize};

/// A model: the large one can ask for several tools at once, the small one is cheaper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Model {
    Large,
    Small,
}

impl std::fmt::Display for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Large => "large",
            Self::Small => "small",
        })
    }
}

/// A part of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "lowercase")]
pub enum Message {
    /// What the model is told about its task.
    System { text: String },
    /// What is to be answered.
    User { text: String },
    /// What a model said, and the tools it asked for.
    Model { text: String, calls: Vec<ToolCall> },
    /// What a tool gave, or why it gave nothing.
    Tool {
        call: ToolCall,
        failed: bool,
        text: String,
    },
}

/// A tool and its input, as a model asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    pub tool: String,
    pub input: String,
}

/// What a model is asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Prompt {
    pub model: Model,
    pub messages: Vec<Message>,
}

/// A line of a model's streamed answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Chunk {
    /// More text.
    Text(String),
    /// A tool that is to be used.
    Call(ToolCall),
    /// The answer is complete, and cost so many tokens beside the prompt's.
    Done { tokens: u32 },
}

/// About how many tokens a text has: a token for four characters.
pub fn tokens_of(text: &str) -> u32 {
    u32::try_from(text.chars().count().div_ceil(4)).unwrap_or(u32::MAX)
}

impl Message {
    /// About how many tokens it has.
    pub fn tokens(&self) -> u32 {
        match self {
            Self::System { text } | Self::User { text } => tokens_of(text),
            Self::Model { text, calls } => {
                tokens_of(text) + calls.iter().map(ToolCall::tokens).sum::<u32>()
            }
            Self::Tool { call, text, .. } => call.tokens() + tokens_of(text),
        }
    }
}

impl ToolCall {
    /// About how many tokens it has.
    pub fn tokens(&self) -> u32 {
        tokens_of(&self.tool) + tokens_of(&self.input)
    }
}

/// About how many tokens a conversation has.
pub fn tokens(messages: &[Message]) -> u32 {
    messages.iter().map(Message::tokens).sum()
}
