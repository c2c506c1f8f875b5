//! Reads documents, measures how readable and how well made they are, compares them, and writes a report.
//!
//! ```sh
//! cargo run --example content_analysis                      # this repository's own documents
//! cargo run --example content_analysis -- notes/ README.md  # those
//! ```

#![expect(unreachable_pub, reason = "the modules of a program")]

mod collection;
mod prose;
mod quality;
mod readability;
mod report;
mod sources;
mod syllables;
mod topics;
mod workflow;

use std::error::Error;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use orch::{Orchestrator, ProgressStream};

use crate::workflow::{Analysis, ContentAnalysis};

/// Measures the readability, topics and quality of documents, and writes a report.
///
/// Ends with 0 if everything was analyzed, with 1 if something could not be (it is named, and the rest is in the
/// report), and with 2 if the arguments are wrong.
#[derive(Debug, Parser)]
#[command(name = "content_analysis")]
struct Arguments {
    /// Files, and directories whose Markdown and text files are meant; by default, this repository's.
    paths: Vec<PathBuf>,

    /// The directory that the report is written to.
    #[arg(long, value_name = "DIR", default_value = "target/content_analysis")]
    out: PathBuf,

    /// Print the analysis as JSON instead of a summary.
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match analyze(Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // Nothing can be said where nobody listens.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the analysis, shows what came out, and says whether everything was analyzed.
async fn analyze(arguments: Arguments) -> Result<bool, Box<dyn Error>> {
    let paths = if arguments.paths.is_empty() {
        vec![PathBuf::from(env!("CARGO_MANIFEST_DIR"))]
    } else {
        arguments.paths
    };
    let orch = Orchestrator::builder()
        .workflow(ContentAnalysis)
        .build()
        .await?;
    let run = orch.start(ContentAnalysis, (paths, arguments.out)).await?;
    let bar = tokio::spawn(show(run.progress()));
    let result = run.result().await;
    bar.await?;
    let analysis = match result {
        Ok(analysis) => analysis,
        Err(error) => {
            for failure in error.failures() {
                writeln!(io::stderr(), "error: {}", failure.message())?;
            }
            return Ok(false);
        }
    };
    for problem in &analysis.collection.problems {
        writeln!(
            io::stderr(),
            "{}: {}",
            problem.path.display(),
            problem.reason
        )?;
    }
    if arguments.json {
        let json = serde_json::to_string_pretty(&analysis.collection)?;
        writeln!(io::stdout(), "{json}")?;
    } else {
        summarize(&analysis)?;
    }
    Ok(analysis.collection.problems.is_empty())
}

/// Draws a bar on a terminal until the run ends.
async fn show(mut progress: ProgressStream) {
    let style = ProgressStyle::with_template("{bar:32.cyan/dim} {percent:>3}%  {msg}");
    let bar =
        ProgressBar::new(100).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    while let Some(progress) = progress.next().await {
        bar.set_position(progress.percentage as u64);
        bar.set_message(
            progress
                .current_step
                .as_deref()
                .unwrap_or_default()
                .to_owned(),
        );
    }
    bar.finish_and_clear();
}

/// Prints a line for each document.
fn summarize(analysis: &Analysis) -> io::Result<()> {
    let collection = &analysis.collection;
    let mut out = io::stdout().lock();
    let names = collection.names();
    let width = names
        .iter()
        .map(|name| name.chars().count())
        .max()
        .unwrap_or(0)
        .max(8);
    if !names.is_empty() {
        writeln!(
            out,
            "{:<width$}  {:>6}  {:>5}  {:>5}  {:>7}",
            "document", "words", "ease", "grade", "quality"
        )?;
    }
    for (name, document) in names.iter().zip(&collection.documents) {
        let (readability, score) = (&document.readability, document.quality.score);
        let cached = match document.same_text_as {
            _ if document.cached.is_empty() => String::new(),
            Some(other) => format!("  cached: the text of {}", names[other]),
            None => "  cached".to_owned(),
        };
        writeln!(
            out,
            "{name:<width$}  {:>6}  {:>5.0}  {:>5.1}  {score:>7.0}{cached}",
            readability.words, readability.ease, readability.grade
        )?;
    }
    writeln!(
        out,
        "\n{} documents, {} from the cache",
        collection.documents.len(),
        collection.cached()
    )?;
    writeln!(
        out,
        "report: {}\ndata:   {}",
        analysis.page.display(),
        analysis.data.display()
    )
}
