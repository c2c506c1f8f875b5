//! Five trivial steps in a row, each recorded on a file, beside the same rows written by hand and beside other
//! libraries.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

mod floor;
mod peers;

use std::process::ExitCode;
use std::time::Duration;

use orch::prelude::*;
use orch_benches::options::Options;
use orch_benches::recorded::{self, Five};
use orch_benches::report::table;
use turn::{Figure, Synchronous, Turn};

use crate::floor::Rows;
use crate::peers::Peer;

/// How often each candidate has its turn; what is shown is the middle one.
const ROUNDS: usize = 3;
/// How many workflows are under way at once.
const AT_A_TIME: [u64; 2] = [1, 64];

enum Candidate {
    Orch,
    ByHand(Rows),
    Peer(Peer),
}

impl Candidate {
    fn title(&self) -> &'static str {
        match self {
            Self::Orch => "Orch",
            Self::ByHand(Rows::Same) => "by hand, the same rows",
            Self::ByHand(Rows::Bare) => "by hand, seven bare rows",
            Self::Peer(peer) => peer.title,
        }
    }

    /// How many workflows a turn has, for each of [`AT_A_TIME`].
    fn workflows(&self, quick: bool) -> [u64; 2] {
        match self {
            Self::Orch | Self::ByHand(_) if quick => [300, 10_000],
            Self::Orch | Self::ByHand(_) => [1_500, 50_000],
            Self::Peer(peer) => peer.workflows,
        }
    }

    async fn take(&self, turn: &Turn) -> Figure {
        match self {
            Self::Orch => orch(turn).await,
            Self::ByHand(rows) => floor::take(turn, *rows).await,
            Self::Peer(peer) => peer.take(turn),
        }
    }
}

async fn orch(turn: &Turn) -> Figure {
    let store = recorded::store(turn).await.unwrap();
    let builder = Orchestrator::builder().store(store).workflow(Five);
    let orch = builder.build().await.unwrap();
    let runner = orch.clone();
    let figure = turn.take(move |n| {
        let orch = runner.clone();
        async move { orch.start(Five, n).await.unwrap().result().await.unwrap() }
    });
    let figure = figure.await;
    orch.shutdown(Duration::from_secs(5)).await;
    figure
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let Some(options) = Options::of_process() else {
        return ExitCode::from(2);
    };
    let mut candidates = vec![
        Candidate::Orch,
        Candidate::ByHand(Rows::Same),
        Candidate::ByHand(Rows::Bare),
    ];
    if options.peers {
        candidates.extend(Peer::all().into_iter().map(Candidate::Peer));
    }
    let mut rows = Vec::new();
    for synchronous in [Synchronous::Full, Synchronous::Normal] {
        for many in 0..AT_A_TIME.len() {
            let figures = contest(&candidates, synchronous, many, options.quick).await;
            for (candidate, figure) in candidates.iter().zip(&figures) {
                rows.push(row(candidate, figure, &figures[0], synchronous, many));
            }
        }
    }
    let head = [
        "five steps in a row",
        "`synchronous`",
        "at a time",
        "workflows a second",
        "Orch / this",
        "p50, ms",
        "p99, ms",
        "p50, Orch / this",
    ];
    println!("{}", table(&head, &rows));
    ExitCode::SUCCESS
}

/// Lets all take their turns, in another order each round; gives the middle figure of each.
async fn contest(
    candidates: &[Candidate],
    synchronous: Synchronous,
    many: usize,
    quick: bool,
) -> Vec<Figure> {
    let mut figures = vec![Vec::new(); candidates.len()];
    for round in 0..ROUNDS {
        for place in 0..candidates.len() {
            let place = (place + round) % candidates.len();
            let candidate = &candidates[place];
            let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
            let total = candidate.workflows(quick)[many];
            let turn = Turn::new(folder.path(), total, AT_A_TIME[many], synchronous);
            let figure = candidate.take(&turn).await;
            assert_eq!(figure.sum, turn.sum(), "{}", candidate.title());
            figures[place].push(figure);
        }
    }
    let middle = |mut figures: Vec<Figure>| {
        figures.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
        figures.swap_remove(ROUNDS / 2)
    };
    figures.into_iter().map(middle).collect()
}

fn row(
    candidate: &Candidate,
    figure: &Figure,
    orch: &Figure,
    synchronous: Synchronous,
    many: usize,
) -> Vec<String> {
    let milliseconds = |span: Duration| format!("{:.2}", span.as_secs_f64() * 1e3);
    vec![
        candidate.title().to_owned(),
        synchronous.as_str().to_owned(),
        AT_A_TIME[many].to_string(),
        format!("{:.0}", figure.per_second),
        format!("{:.2}", orch.per_second / figure.per_second),
        milliseconds(figure.p50),
        milliseconds(figure.p99),
        format!("{:.3}", orch.p50.as_secs_f64() / figure.p50.as_secs_f64()),
    ]
}
