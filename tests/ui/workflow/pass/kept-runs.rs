//! What a workflow says of the runs that are kept of it.

use orch::plan::{CatchUp, Overlap, Schedule};
use orch::prelude::*;

#[step]
fn load(n: u32) -> u32 {
    n
}

workflow! {
    #[workflow(
        durable,
        version = "1.2.0",
        compatible_with = ["1.1.0", "1.0.3"],
        max_active_runs = 4,
        overlap = cancel_old,
        priority = high
    )]
    pub Versioned(n: u32) -> u32 {
        load(n)
    }
}

workflow! {
    #[workflow(durable, schedule = "@daily", priority = 0)]
    Nightly() -> u32 {
        load(1)
    }
}

workflow! {
    #[workflow(
        durable,
        schedule(cron = "*/15 8-18 * jan-mar mon-fri", time_zone = "Europe/Berlin", catch_up = all(10)),
        max_active_runs = 1,
        overlap = skip,
        priority = 42
    )]
    Often() {
        load(1);
    }
}

fn main() {
    let spec = Versioned::GRAPH.spec();
    assert_eq!((spec.version, spec.compatible_with), ("1.2.0", &["1.1.0", "1.0.3"][..]));
    assert_eq!((spec.max_active_runs, spec.overlap), (Some(4), Overlap::CancelOld));
    assert_eq!((spec.priority, Nightly::GRAPH.spec().priority), (75, 0));
    assert_eq!(
        Often::GRAPH.spec().schedule,
        Some(Schedule {
            cron: "*/15 8-18 * 1-3 1-5",
            time_zone: "Europe/Berlin",
            catch_up: CatchUp::All(10),
            jitter: None,
        })
    );
    let plan = Nightly::GRAPH.plan().to_string();
    assert!(plan.contains("durable, starts at `0 0 * * *` (UTC)"), "{plan}");
}
