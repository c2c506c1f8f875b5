//! The model server on loopback: it streams what the scripted models say, counts tokens, and can misbehave.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use clap::ValueEnum;
use futures_util::stream;
use tokio::net::TcpListener;

use crate::protocol::{Chunk, Model, Prompt, ToolCall, tokens, tokens_of};
use crate::script::{Said, say};

/// How the large model does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mood {
    /// It answers.
    Up,
    /// It answers nobody.
    Down,
    /// Every other answer breaks off.
    Flaky,
    /// It answers after half a minute.
    Slow,
}

/// The server.
#[derive(Debug)]
pub struct Server {
    mood: Mood,
    /// The time between two words.
    pace: Duration,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    bucket: Bucket,
    accounts: BTreeMap<Model, Account>,
}

/// What a model was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Account {
    pub requests: u32,
    /// Sent away with 429: there were too many tokens.
    pub limited: u32,
    /// Sent away with 503.
    pub refused: u32,
    /// Broken off in the middle.
    pub cut: u32,
    /// Left waiting.
    pub slow: u32,
    /// The tokens of the prompts that were let in.
    pub prompt_tokens: u32,
}

/// What the server does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Answer,
    BreakOff,
    Wait,
    Refuse,
    TooMany,
}

impl Server {
    /// A server that lets so many prompt tokens in a minute, and so many at once.
    pub fn new(mood: Mood, pace: Duration, per_minute: u32, burst: u32) -> Arc<Self> {
        let inner = Inner {
            bucket: Bucket::new(per_minute, burst, Instant::now()),
            accounts: BTreeMap::new(),
        };
        Arc::new(Self {
            mood,
            pace,
            inner: Mutex::new(inner),
        })
    }

    /// Listens on a free port of loopback; the future serves until it is dropped.
    pub async fn listen(
        self: Arc<Self>,
    ) -> std::io::Result<(SocketAddr, impl Future<Output = ()>)> {
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let app = Router::new()
            .route("/answers", post(answer))
            .with_state(self);
        let served = async move {
            if let Err(error) = axum::serve(listener, app).await {
                eprintln!("the model server stopped: {error}");
            }
        };
        Ok((address, served))
    }

    /// What each model was asked for.
    pub fn accounts(&self) -> BTreeMap<Model, Account> {
        self.inner().accounts.clone()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn judge(&self, prompt: &Prompt, now: Instant) -> Verdict {
        let mut inner = self.inner();
        let tokens = tokens(&prompt.messages);
        let let_in = inner.bucket.take(tokens, now);
        let account = inner.accounts.entry(prompt.model).or_default();
        account.requests += 1;
        if !let_in {
            account.limited += 1;
            return Verdict::TooMany;
        }
        account.prompt_tokens += tokens;
        match (prompt.model, self.mood) {
            (Model::Large, Mood::Down) => {
                account.refused += 1;
                Verdict::Refuse
            }
            (Model::Large, Mood::Flaky) if account.requests % 2 == 1 => {
                account.cut += 1;
                Verdict::BreakOff
            }
            (Model::Large, Mood::Slow) => {
                account.slow += 1;
                Verdict::Wait
            }
            _ => Verdict::Answer,
        }
    }
}

async fn answer(State(server): State<Arc<Server>>, Json(prompt): Json<Prompt>) -> Response {
    let verdict = server.judge(&prompt, Instant::now());
    match verdict {
        Verdict::TooMany => {
            return (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "1")]).into_response();
        }
        Verdict::Refuse => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Verdict::Wait => tokio::time::sleep(Duration::from_secs(30)).await,
        Verdict::Answer | Verdict::BreakOff => {}
    }
    let mut chunks = chunks(say(prompt.model, &prompt.messages));
    if verdict == Verdict::BreakOff {
        chunks.truncate(chunks.len() / 2);
    }
    streamed(chunks, server.pace)
}

/// What a model says, word by word.
fn chunks(said: Said) -> VecDeque<Chunk> {
    let Said { text, calls } = said;
    let used = tokens_of(&text) + calls.iter().map(ToolCall::tokens).sum::<u32>();
    let words = text
        .split_inclusive(' ')
        .map(|word| Chunk::Text(word.to_owned()));
    words
        .chain(calls.into_iter().map(Chunk::Call))
        .chain([Chunk::Done { tokens: used }])
        .collect()
}

/// A line of JSON for each chunk, with a pause before it.
fn streamed(chunks: VecDeque<Chunk>, pace: Duration) -> Response {
    let lines = stream::unfold(chunks, move |mut chunks| async move {
        let chunk = chunks.pop_front()?;
        tokio::time::sleep(pace).await;
        let mut line = serde_json::to_string(&chunk).unwrap_or_default();
        line.push('\n');
        Some((Ok::<_, Infallible>(line), chunks))
    });
    Body::from_stream(lines).into_response()
}

/// A budget that fills up again.
#[derive(Debug)]
struct Bucket {
    per_second: f64,
    burst: f64,
    left: f64,
    at: Instant,
}

impl Bucket {
    fn new(per_minute: u32, burst: u32, at: Instant) -> Self {
        let burst = f64::from(burst);
        Self {
            per_second: f64::from(per_minute) / 60.0,
            burst,
            left: burst,
            at,
        }
    }

    /// Takes so much, if there is so much.
    fn take(&mut self, amount: u32, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.left = (self.left + passed * self.per_second).min(self.burst);
        self.at = now;
        let enough = f64::from(amount) <= self.left;
        if enough {
            self.left -= f64::from(amount);
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Message;

    fn prompt(model: Model, text: &str) -> Prompt {
        Prompt {
            model,
            messages: vec![Message::User {
                text: text.to_owned(),
            }],
        }
    }

    #[test]
    fn a_budget_fills_up_again() {
        let start = Instant::now();
        let mut bucket = Bucket::new(600, 20, start);
        assert!(bucket.take(20, start));
        assert!(!bucket.take(1, start));
        assert!(bucket.take(10, start + Duration::from_secs(1)));
        assert!(!bucket.take(21, start + Duration::from_secs(60)));
    }

    #[test]
    fn what_is_said_comes_in_words_and_ends() {
        let call = crate::protocol::ToolCall {
            tool: "today".to_owned(),
            input: String::new(),
        };
        let said = Said {
            text: "I need today.".to_owned(),
            calls: vec![call.clone()],
        };
        let text = |text: &str| Chunk::Text(text.to_owned());
        let expected = [
            text("I "),
            text("need "),
            text("today."),
            Chunk::Call(call),
            Chunk::Done { tokens: 6 },
        ];
        assert_eq!(chunks(said), expected);
    }

    #[test]
    fn moods_are_the_large_models_own() {
        let now = Instant::now();
        let judged = |mood, model| {
            let server = Server::new(mood, Duration::ZERO, 60, 100);
            [
                server.judge(&prompt(model, "hi"), now),
                server.judge(&prompt(model, "hi"), now),
            ]
        };
        assert_eq!(judged(Mood::Up, Model::Large), [Verdict::Answer; 2]);
        assert_eq!(judged(Mood::Down, Model::Large), [Verdict::Refuse; 2]);
        assert_eq!(
            judged(Mood::Flaky, Model::Large),
            [Verdict::BreakOff, Verdict::Answer]
        );
        assert_eq!(judged(Mood::Slow, Model::Large), [Verdict::Wait; 2]);
        assert_eq!(judged(Mood::Down, Model::Small), [Verdict::Answer; 2]);
    }

    #[test]
    fn too_many_tokens_are_sent_away() {
        let server = Server::new(Mood::Up, Duration::ZERO, 60, 10);
        let verdict = server.judge(&prompt(Model::Small, &"word ".repeat(100)), Instant::now());
        assert_eq!(verdict, Verdict::TooMany);
        assert_eq!(server.accounts()[&Model::Small].limited, 1);
    }
}
