//! Answers questions with scripted models on loopback, tools, and a loop of turns.
//!
//! Hard questions go to the large model, and to the small one where the large one fails; easy ones go to the small
//! one at once. Both share one budget of tokens, and what they say is printed while they say it.
//!
//! ```sh
//! cargo run --example agent_loop
//! cargo run --example agent_loop -- --large down --question "What is 6 * 7, and how many days until 2030-01-01?"
//! ```

#![expect(
    unreachable_pub,
    reason = "an example has no API: `pub` is what its modules show each other"
)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it is there to be read"
)]

mod agent;
mod calculator;
mod client;
mod protocol;
mod script;
mod server;
mod tools;

use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use metrics_exporter_prometheus::PrometheusBuilder;
use orch::prelude::*;
use orch::{Emissions, RunEventKind};
use tokio::sync::mpsc;

use crate::agent::{Agent, Answer, Partial, Talk};
use crate::client::Models;
use crate::protocol::Message;
use crate::server::{Mood, Server};

/// Answers questions with scripted models on loopback, tools, and a loop of turns.
#[derive(Debug, Parser)]
struct Args {
    /// What is to be answered; may be given more than once.
    #[arg(long, default_values_t = [
        "How many words are in README.md, what is (17 + 4) * 23, and how many days are left until 2030-01-01? \
         What is that together?".to_owned(),
        "What is 2 ^ 10 / 3?".to_owned(),
    ])]
    question: Vec<String>,
    /// How the large model does.
    #[arg(long, value_enum, default_value_t = Mood::Up)]
    large: Mood,
    /// Where the files are that the questions are about.
    #[arg(long, default_value = ".")]
    files: PathBuf,
    /// How many milliseconds the models take for a word.
    #[arg(long, default_value_t = 20)]
    pace: u64,
}

/// What the server lets in: a little more than the workflow's rate limit, as a request may be late.
const TOKENS_PER_MINUTE: u32 = 24_000;
const TOKENS_AT_ONCE: u32 = 550;

#[tokio::main]
async fn main() -> ExitCode {
    match answer_all(Args::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Answers the questions one after the other, and says whether all of them have an answer.
async fn answer_all(args: Args) -> Result<bool, Box<dyn Error>> {
    let recorded = PrometheusBuilder::new().install_recorder()?;
    let pace = Duration::from_millis(args.pace);
    let server = Server::new(args.large, pace, TOKENS_PER_MINUTE, TOKENS_AT_ONCE);
    let (address, served) = server.clone().listen().await?;
    let served = tokio::spawn(served);

    let (note, mut notes) = mpsc::unbounded_channel();
    let orch = Orchestrator::builder()
        .resource(Models::at(address)?)
        .workflow(Agent)
        .on_event(move |event| {
            let text = match &event.kind {
                RunEventKind::AttemptFailed { error, .. } => error.message().to_owned(),
                RunEventKind::FellBack { .. } => "another model is asked".to_owned(),
                _ => return,
            };
            // Nobody reads when the last answer is there.
            let _ = note.send(text);
        })
        .build()
        .await?;
    let mut all = true;
    for question in &args.question {
        println!("? {question}");
        let mut run = orch
            .start(Agent, Talk::about(question, args.files.clone()))
            .await?;
        print_live(run.emissions(), &mut notes).await;
        match run.result().await {
            Ok(answer) => print_transcript(&answer),
            Err(error) => {
                println!("\n= no answer: {error}\n");
                all = false;
            }
        }
    }
    served.abort();
    println!("What the server counted:");
    for (model, account) in server.accounts() {
        println!(
            "{model}: {} requests, {} refused, {} cut, {} slow, {} limited, {} prompt tokens",
            account.requests,
            account.refused,
            account.cut,
            account.slow,
            account.limited,
            account.prompt_tokens,
        );
    }
    let waited = waited(&recorded.render());
    println!("The calls waited {waited:.1} s for the rate limit.");
    Ok(all)
}

/// How many seconds all calls together waited for the rate limit, according to the metrics.
fn waited(metrics: &str) -> f64 {
    let sums = metrics
        .lines()
        .filter(|line| line.starts_with("orch_rate_limit_wait_seconds_sum"));
    sums.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .fold(0.0, |sum, seconds| sum + seconds)
}

/// Prints what the models say while they say it, and what goes wrong.
async fn print_live(mut emissions: Emissions, notes: &mut mpsc::UnboundedReceiver<String>) {
    let mut speaking = None;
    loop {
        tokio::select! {
            // What a model said before it failed comes before the failure.
            biased;
            emission = emissions.next() => {
                let Some(emission) = emission else { break };
                let Ok(Partial { model, turn, attempt, text }) = emission.get() else { continue };
                if speaking != Some((model, turn, attempt)) {
                    speaking = Some((model, turn, attempt));
                    print!("\n  {model} > ");
                }
                print!("{text}");
            }
            Some(note) = notes.recv() => print!("\n  ! {note}"),
        }
        // A terminal that is gone wants nothing any more.
        let _ = std::io::stdout().flush();
    }
    println!("\n");
}

/// Prints what was said and done, without what the models are told beforehand.
fn print_transcript(answer: &Answer) {
    println!("Transcript, {} turns:", answer.models.len());
    let mut models = answer.models.iter();
    for message in &answer.transcript {
        match message {
            Message::System { .. } => {}
            Message::User { text } => println!("  user   {text}"),
            Message::Model { text, .. } => {
                let model = models.next().map_or_else(String::new, ToString::to_string);
                println!("  {model:6} {text}");
            }
            Message::Tool { call, failed, text } => {
                let mark = if *failed { "failed: " } else { "" };
                println!("  tool   {} {} -> {mark}{text}", call.tool, call.input);
            }
        }
    }
    println!("= {}\n", answer.text);
}
