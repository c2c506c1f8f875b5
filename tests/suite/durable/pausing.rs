//! An error may pause its run until somebody has seen to it.

use orch::prelude::*;
use orch::store::Memory;
use orch::{RunEventKind, RunStatus};

use super::{Process, World, serving, stands};

#[derive(Debug, thiserror::Error)]
pub enum PrinterError {
    #[error("paper is jammed in tray {0}")]
    Jammed(u32),
    #[error("the printer is busy")]
    Busy,
}

impl PrinterError {
    fn when(&self) -> Retry {
        match self {
            Self::Jammed(_) => Retry::Pause,
            Self::Busy => Retry::Yes,
        }
    }
}

#[step]
fn recycle(_outcome: Outcome<&u32>, sheets: u32, #[resource] world: &World) {
    world.called("recycle", &sheets.to_string());
}

#[step(compensate = recycle)]
fn load(sheets: u32, #[resource] world: &World) -> u32 {
    world.called("load", &sheets.to_string());
    sheets
}

/// Busy at first; jammed until somebody has cleared it.
#[step(retries = 3, backoff = "1ms..1ms", retry_if = PrinterError::when)]
fn print(sheets: u32, #[resource] world: &World) -> Result<String, PrinterError> {
    world.called("print", &sheets.to_string());
    match (world.calls("print"), world.calls("cleared")) {
        (1, _) => Err(PrinterError::Busy),
        (_, 0) => Err(PrinterError::Jammed(2)),
        _ => Ok(format!("{sheets} sheets")),
    }
}

#[step]
fn send_a_file(#[resource] world: &World) -> String {
    world.called("file", "");
    "a file".to_owned()
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Leaflet(sheets: u32) -> Result<String, PrinterError> {
        loaded = load(sheets);
        printed = print(loaded).or_else(send_a_file());
        printed
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Campaign(sheets: u32) -> Result<Vec<String>, RunError<PrinterError>> {
        leaflets = for n in 0..2_u32 { Leaflet::run(sheets + n) };
        leaflets
    }
}

#[step]
async fn beside(#[resource] world: &World) -> u32 {
    world.called("beside", "");
    world.pass("beside").await;
    1
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Beside(sheets: u32) -> Result<String, PrinterError> {
        loaded = load(sheets);
        printed = print(loaded);
        other = beside();
        format!("{printed}, {other}")
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Before() -> u32 {
        other = beside();
        load(other)
    }
}

/// Jammed at its first call, busy at the two that follow.
#[step(retries = 2, backoff = "1ms..1ms", retry_if = PrinterError::when)]
fn copy(sheets: u32, #[resource] world: &World) -> Result<u32, PrinterError> {
    world.called("copy", "");
    match world.calls("copy") {
        1 => Err(PrinterError::Jammed(1)),
        2 | 3 => Err(PrinterError::Busy),
        _ => Ok(sheets),
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Copied(sheets: u32) -> Result<u32, PrinterError> {
        copied = copy(sheets);
        copied
    }
}

workflow! {
    pub Poster(sheets: u32) -> Result<String, PrinterError> {
        print(sheets)
    }
}

const WHY: &str =
    "`printed` wants somebody to see to it before it is tried again: paper is jammed in tray 2";

/// Waits until the run is paused, and gives the reason.
async fn paused(orch: &Orchestrator) -> String {
    stands(orch, "r", RunStatus::Paused).await.reason.unwrap()
}

#[test]
fn an_error_pauses_its_run_until_somebody_resumes_it() {
    let (world, store) = (World::default(), Memory::new());
    let before = Process::new();
    before.run(async {
        let orch = serving(&world, &store, Leaflet).await;
        let run = orch.start(Leaflet, 5).id("r").await.unwrap();
        let mut events = run.events();
        assert_eq!(paused(&orch).await, WHY);
        let error = loop {
            match events.next().await.map(|event| event.kind) {
                Some(RunEventKind::RunPaused { error }) => break error,
                Some(_) => {}
                None => panic!("nobody is told"),
            }
        };
        assert_eq!((error.node(), error.attempt()), ("printed", 2));
    });
    before.kill(&store);
    Process::new().run(async {
        let orch = serving(&world, &store, Leaflet).await;
        let runs = orch.runs().unwrap();
        // Nobody has cleared it, so that the run is paused again.
        runs.resume("r").await.unwrap();
        world.until("print", 3).await;
        assert_eq!(paused(&orch).await, WHY);
        world.called("cleared", "");
        runs.resume("r").await.unwrap();
        let run = orch.start(Leaflet, 5).id("r").await.unwrap();
        assert_eq!(run.result().await.unwrap(), "5 sheets");
    });
    assert_eq!((world.calls("load"), world.calls("print")), (1, 4));
    assert_eq!((world.calls("file"), world.calls("recycle")), (0, 0));
}

#[test]
fn a_run_that_an_error_paused_can_be_cancelled() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let orch = serving(&world, &store, Leaflet).await;
        let run = orch.start(Leaflet, 5).id("r").await.unwrap();
        paused(&orch).await;
        run.cancel("no leaflets after all");
        assert_eq!(
            run.result().await.unwrap_err().status(),
            RunStatus::Cancelled
        );
    });
    assert_eq!(world.keys("recycle"), ["5"]);
    assert_eq!(world.calls("print"), 2);
}

#[test]
fn an_error_inside_a_workflow_inside_pauses_the_whole_run() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let orch = serving(&world, &store, Campaign).await;
        let run = orch.start(Campaign, 5).id("r").await.unwrap();
        let why = paused(&orch).await;
        assert!(why.starts_with("`leaflets/leaflet/"), "{why}");
        world.called("cleared", "");
        orch.runs().unwrap().resume("r").await.unwrap();
        assert_eq!(run.result().await.unwrap(), ["5 sheets", "6 sheets"]);
    });
}

#[test]
fn a_run_that_cannot_be_paused_fails() {
    let world = World::default();
    Process::new().run(async {
        let orch = Orchestrator::builder().resource(world.clone()).build();
        let run = orch.await.unwrap().start(Poster, 1).await.unwrap();
        let error = run.result().await.unwrap_err();
        assert!(matches!(error.error(), Some(PrinterError::Jammed(2))));
    });
    assert_eq!(world.calls("print"), 2, "it is not tried again");
}

#[test]
fn a_cancellation_or_a_resumption_counts_that_comes_before_the_run_is_paused() {
    for cancels in [true, false] {
        let (world, store) = (World::default(), Memory::new());
        Process::new().run(async {
            let orch = serving(&world, &store, Beside).await;
            let run = orch.start(Beside, 5).id("r").await.unwrap();
            world.until("print", 2).await;
            world.until("beside", 1).await;
            // What is under way beside it is waited for.
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            let runs = orch.runs().unwrap();
            if cancels {
                runs.cancel("r", "enough").await.unwrap();
                let error = run.result().await.unwrap_err();
                assert_eq!(error.status(), RunStatus::Cancelled);
                assert_eq!(world.keys("recycle"), ["5"]);
            } else {
                world.called("cleared", "");
                runs.resume("r").await.unwrap();
                world.open("beside", 9);
                while !run.is_finished() {
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                    // Should the machine be so busy that the first one came before anything was to be paused.
                    let _ = runs.resume("r").await;
                }
                assert_eq!(run.result().await.unwrap(), "5 sheets, 1");
            }
        });
    }
}

#[test]
fn a_run_that_an_operator_paused_can_be_cancelled() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let orch = serving(&world, &store, Beside).await;
        world.called("cleared", "");
        let run = orch.start(Beside, 5).id("r").await.unwrap();
        world.until("beside", 1).await;
        let runs = orch.runs().unwrap();
        runs.pause("r", "wait").await.unwrap();
        world.open("beside", 1);
        assert_eq!(paused(&orch).await, "wait");
        runs.cancel("r", "enough").await.unwrap();
        assert_eq!(
            run.result().await.unwrap_err().status(),
            RunStatus::Cancelled
        );
        assert_eq!(world.keys("recycle"), ["5"]);
    });
}

#[test]
fn a_run_that_cannot_be_recorded_while_it_is_about_to_be_paused_is_let_go_of() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let faults = orch::testing::Faults::seeded(1).kill(1.0);
        let builder = Orchestrator::builder().store(store.clone()).faults(faults);
        let builder = builder.resource(world.clone()).workflow(Before);
        let orch = builder.build().await.unwrap();
        let run = orch.start(Before, ()).id("r").await.unwrap();
        world.until("beside", 1).await;
        orch.runs().unwrap().pause("r", "wait").await.unwrap();
        world.open("beside", 1);
        let error = run.result().await.unwrap_err();
        assert!(
            error.to_string().contains("could not be recorded"),
            "{error}"
        );
    });
}

#[test]
fn what_is_called_again_has_all_its_attempts() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let orch = serving(&world, &store, Copied).await;
        let run = orch.start(Copied, 5).id("r").await.unwrap();
        paused(&orch).await;
        orch.runs().unwrap().resume("r").await.unwrap();
        assert_eq!(run.result().await.unwrap(), 5);
        let attempts = orch.runs().unwrap().attempts("r", "copied").await.unwrap();
        let made = |made: &orch::Attempt| match &made.ended {
            orch::AttemptEnd::Failed(error) => format!("{} {}", made.attempt, error["message"]),
            ended => format!("{} {ended:?}", made.attempt),
        };
        let made: Vec<_> = attempts.iter().map(made).collect();
        assert_eq!(
            made,
            [
                r#"1 "paper is jammed in tray 1""#,
                r#"1 "the printer is busy""#,
                r#"2 "the printer is busy""#,
                "3 Gave(Number(5))",
            ]
        );
    });
}
