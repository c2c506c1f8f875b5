//! The lives of the processes of one simulation, until the run has ended.

use std::time::Duration;

use serde_json::Value;

use super::Random;
use super::graph::{Decided, Does, Graph, RACE, Sent, Simulated, install};
use super::model::sent;
use super::world::{Kill, World};
use crate::orchestrator::{Orchestrator, Runs};
use crate::store::Store as _;
use crate::testing::paused;

/// The id of the one run.
pub(super) const RUN: &str = "run";

/// How often a process is killed at most.
const KILLS: u64 = 6;

/// Somebody does something to the run, so many milliseconds after the process has begun.
#[derive(Debug, Clone)]
enum Deed {
    Send(&'static str),
    Pause,
    Resume,
    Cancel,
    Decide(&'static str, bool),
}

/// Lives until the run has ended, or until it is plain that it never will.
pub(super) fn live(seed: u64, graph: &'static Graph, random: &mut Random) -> World {
    install(graph);
    let world = World::default();
    world.install();
    let kills = random.below(KILLS + 1);
    let cancels = random.percent(15);
    for life in 0..=kills {
        let kill = (life < kills).then(|| Kill {
            commits: random.below(14),
            before: random.percent(50),
        });
        world.begin(kill);
        let deeds = deeds(graph, random, cancels && life == kills / 2);
        // A runtime of its own: what dies with the process is all that there was.
        let over = paused(one(seed, &world, deeds)).unwrap();
        world.memory.crash();
        if over {
            break;
        }
    }
    world
}

fn deeds(graph: &Graph, random: &mut Random, cancels: bool) -> Vec<(u64, Deed)> {
    let mut deeds = Vec::new();
    for node in &graph.nodes {
        match node.does {
            Does::Signal(Sent::Always) => {
                for _ in 0..1 + random.below(2) {
                    let at = random.below(2) * random.below(20_000);
                    deeds.push((at, Deed::Send(node.name)));
                }
            }
            Does::Signal(Sent::Raced) => {
                let race = RACE.as_millis() as u64;
                let at = random.below(3) * race / 2 + random.below(3);
                deeds.push((at, Deed::Send(node.name)));
            }
            Does::Call {
                decided: Some(decided @ (Decided::Approved | Decided::Rejected)),
                ..
            } => {
                // Again and again, as it cannot be decided about before it waits for that.
                let approves = decided == Decided::Approved;
                // Sleeps and other decisions may come first, for hours.
                let times = (1..=9).map(|later| later * 30_000_000);
                let times = times.chain([random.below(6_000), 20_000 + random.below(20_000)]);
                deeds.extend(times.map(|at| (at, Deed::Decide(node.name, approves))));
            }
            _ => {}
        }
    }
    if random.percent(20) {
        let pause = random.below(8_000);
        deeds.push((pause, Deed::Pause));
        deeds.push((pause + random.below(9_000), Deed::Resume));
    }
    // A process before may have been killed while the run was paused.
    deeds.push((30_000, Deed::Resume));
    if cancels {
        deeds.push((random.below(2) * random.below(10_000), Deed::Cancel));
    }
    deeds.sort_by_key(|(at, _)| *at);
    deeds
}

/// One process; says whether it was not killed.
async fn one(seed: u64, world: &World, deeds: Vec<(u64, Deed)>) -> bool {
    let died = async {
        // What was told of a process before is no news.
        while !world.is_dead() {
            world.died.notified().await;
        }
    };
    let process = async {
        let builder = Orchestrator::builder().workflow(Simulated).seed(seed);
        let built = builder.store(world.clone()).virtual_time().build().await;
        let Ok(orch) = built else { return };
        let Ok(run) = orch.start(Simulated, ()).id(RUN).await else {
            return;
        };
        tokio::spawn(operate(orch.runs().unwrap(), deeds));
        let _ = run.result().await;
    };
    tokio::select! {
        biased;
        () = died => {}
        () = process => {}
        // Nothing in it takes that long.
        () = tokio::time::sleep(Duration::from_secs(30 * 86_400)) => {}
    }
    !world.is_dead()
}

async fn operate(runs: Runs, deeds: Vec<(u64, Deed)>) {
    let mut now = 0;
    for (at, deed) in deeds {
        tokio::time::sleep(Duration::from_millis(at - now)).await;
        now = at;
        // Any of it may come too late.
        let _ = match deed {
            Deed::Send(node) => {
                let signal = runs.signal_json(RUN, node, &Value::from(sent(node)));
                signal.event_id("once").await.map(|_| ())
            }
            Deed::Pause => runs.pause(RUN, "for a while").await,
            Deed::Resume => runs.resume(RUN).await,
            Deed::Decide(node, true) => runs.approve(RUN, node, "ada", "").await,
            Deed::Decide(node, false) => runs.reject(RUN, node, "ada", "no").await,
            Deed::Cancel => runs.cancel(RUN, "not wanted").await,
        };
    }
}

/// The run as it is kept.
pub(super) fn kept(world: &World) -> Option<crate::store::History> {
    let id = orch_core::run::RunId::new(RUN);
    let record = world.memory.find(&id).ok()??;
    world.memory.load(record.key).ok()?
}
