//! The client of the model server: reads an answer while it is streamed.

use std::time::Duration;

use orch::prelude::*;
use reqwest::{Client, StatusCode, header};
use thiserror::Error;

use crate::protocol::{Chunk, Message, Model, Prompt, ToolCall};

/// Talks to the model server.
#[derive(Debug, Clone)]
pub struct Models {
    http: Client,
    url: String,
}

/// What a model said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub model: Model,
    pub text: String,
    pub calls: Vec<ToolCall>,
    /// The tokens of what was said.
    pub tokens: u32,
}

/// Why a model said nothing, or not all of it.
#[derive(Debug, Error)]
pub enum ModelError {
    /// There were too many tokens.
    #[error("the {model} model is busy, and asks to come again in {after:?}")]
    Busy { model: Model, after: Duration },
    /// The server is in trouble.
    #[error("the {model} model answered {status}")]
    Unavailable { model: Model, status: StatusCode },
    /// The answer broke off.
    #[error("the answer of the {0} model broke off")]
    BrokenOff(Model),
    /// The answer is not what was agreed.
    #[error("the {model} model said what makes no sense: {error}")]
    Senseless {
        model: Model,
        error: serde_json::Error,
    },
    /// There was no answer.
    #[error("the {model} model cannot be reached")]
    Unreachable {
        model: Model,
        #[source]
        error: reqwest::Error,
    },
}

impl ModelError {
    /// Whether to ask again, and when.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Busy { after, .. } => Retry::After(*after),
            Self::Unavailable { .. } | Self::BrokenOff(_) | Self::Unreachable { .. } => Retry::Yes,
            Self::Senseless { .. } => Retry::No,
        }
    }
}

impl Models {
    /// A client of the server at this address.
    pub fn at(address: std::net::SocketAddr) -> reqwest::Result<Self> {
        let http = Client::builder().no_proxy().build()?;
        Ok(Self {
            http,
            url: format!("http://{address}/answers"),
        })
    }

    /// Asks a model; `on_text` is told what it says while it says it.
    pub async fn ask(
        &self,
        model: Model,
        messages: &[Message],
        mut on_text: impl FnMut(&str),
    ) -> Result<Reply, ModelError> {
        let prompt = Prompt {
            model,
            messages: messages.to_vec(),
        };
        let unreachable = |error| ModelError::Unreachable { model, error };
        let mut response = self
            .http
            .post(&self.url)
            .json(&prompt)
            .send()
            .await
            .map_err(unreachable)?;
        let status = response.status();
        if status == StatusCode::TOO_MANY_REQUESTS {
            let seconds = response
                .headers()
                .get(header::RETRY_AFTER)
                .and_then(|value| value.to_str().ok());
            let seconds = seconds
                .and_then(|seconds| seconds.parse().ok())
                .unwrap_or(1);
            return Err(ModelError::Busy {
                model,
                after: Duration::from_secs(seconds),
            });
        }
        if !status.is_success() {
            return Err(ModelError::Unavailable { model, status });
        }
        let mut lines = Lines::default();
        let mut reply = Reply {
            model,
            text: String::new(),
            calls: Vec::new(),
            tokens: 0,
        };
        while let Some(bytes) = response.chunk().await.map_err(unreachable)? {
            for line in lines.add(&bytes) {
                let chunk = serde_json::from_slice(&line);
                match chunk.map_err(|error| ModelError::Senseless { model, error })? {
                    Chunk::Text(text) => {
                        on_text(&text);
                        reply.text.push_str(&text);
                    }
                    Chunk::Call(call) => reply.calls.push(call),
                    Chunk::Done { tokens } => {
                        reply.tokens = tokens;
                        return Ok(reply);
                    }
                }
            }
        }
        Err(ModelError::BrokenOff(model))
    }
}

/// Puts lines together, however the network cuts them.
#[derive(Debug, Default)]
struct Lines(Vec<u8>);

impl Lines {
    /// The lines that are complete with these bytes.
    fn add(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        self.0.extend_from_slice(bytes);
        let Some(end) = self.0.iter().rposition(|byte| *byte == b'\n') else {
            return Vec::new();
        };
        let rest = self.0.split_off(end + 1);
        let complete = std::mem::replace(&mut self.0, rest);
        let lines = complete
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty());
        lines.map(<[u8]>::to_vec).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_put_together() {
        let mut lines = Lines::default();
        let none: Vec<Vec<u8>> = Vec::new();
        assert_eq!(lines.add(b"on"), none);
        assert_eq!(lines.add(b"e\ntwo\nth"), [b"one".to_vec(), b"two".to_vec()]);
        assert_eq!(lines.add(b"ree\n"), [b"three".to_vec()]);
        assert_eq!(lines.add(b""), none);
    }
}
