//! What workflows inside have done is undone with the rest, wherever a crash finds them.

use orch::RunStatus;
use orch::prelude::*;
use orch::store::{EntryKind, Memory};

use super::{Refused, charge, hangs, reserve};
use crate::durable::{Process, World, cancel_meanwhile, in_memory, orchestrator, serving};

impl<E: std::fmt::Display + std::fmt::Debug + 'static> From<RunError<E>> for Refused {
    fn from(error: RunError<E>) -> Self {
        Self(error.to_string())
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Inside(_n: u32) -> String {
        slow = reserve("slow");
        slow
    }
}

workflow! {
    /// It has nothing of its own to undo.
    #[workflow(version = "1", durable)]
    pub Around(card: String) -> Result<String, Refused> {
        parts = for n in 0..2_u32 { Inside::run(n) };
        #[node(after = [parts])]
        charged = charge(&card);
        charged
    }
}

workflow! {
    pub InsideInMemory(_n: u32) -> String {
        a = reserve("inside");
        a
    }
}

workflow! {
    pub AroundInMemory(card: String) -> Result<String, Refused> {
        a = InsideInMemory::run(1);
        #[node(after = [a])]
        charged = charge(&card);
        charged
    }
}

workflow! {
    /// Forty reservations after two of its own.
    pub AfterItsOwn(card: String) -> Result<String, Refused> {
        first = reserve("first");
        #[node(after = [first])]
        second = reserve("second");
        #[node(after = [second], concurrency = 1)]
        inside = for n in 0..40_u32 { InsideInMemory::run(n) };
        #[node(after = [inside])]
        third = reserve("third");
        #[node(after = [third])]
        charged = charge(&card);
        charged
    }
}

#[test]
fn what_a_workflow_inside_has_done_is_undone_in_its_place() {
    let world = World::default();
    Process::new().run(async {
        let orch = in_memory(&world).await;
        let run = orch.start(AfterItsOwn, "bad".into()).await.unwrap();
        run.result().await.unwrap_err();
        let released = world.keys("release");
        let inside = vec!["inside: done inside reserved"; 40];
        let mut expected = vec!["third: done third reserved"];
        expected.extend(inside);
        expected.extend(["second: done second reserved", "first: done first reserved"]);
        assert_eq!(released, expected);
    });
}

#[test]
fn what_a_workflow_inside_has_done_is_undone_with_the_rest() {
    let world = World::default();
    Process::new().run(async {
        let orch = in_memory(&world).await;
        let run = orch.start(AroundInMemory, "bad".into()).await.unwrap();
        run.result().await.unwrap_err();
        assert_eq!(world.keys("release"), ["inside: done inside reserved"]);
        let run = orch.start(AroundInMemory, "good".into()).await.unwrap();
        run.result().await.unwrap();
        assert_eq!(world.calls("release"), 1, "what succeeds is not undone");
    });
}

#[test]
fn what_workflows_inside_have_done_is_undone_after_a_kill() {
    let (world, store) = (World::default(), Memory::new());
    let before = Process::new();
    before.run(async {
        let orch = serving(&world, &store, Around).await;
        orch.start(Around, "bad".into()).id("r").await.unwrap();
        world.until("release", 1).await;
    });
    before.kill(&store);
    world.open("release", 9);
    Process::new().run(async {
        let orch = serving(&world, &store, Around).await;
        let run = orch.start(Around, "bad".into()).id("r").await.unwrap();
        let error = run.result().await.unwrap_err();
        assert_eq!(error.failures()[0].message(), "the card was refused");
        // One of them was under way when the process was killed.
        assert_eq!(world.calls("release"), 3);
        let mut nodes = undone(&orch).await;
        // The items ran at the same time, and so in either order.
        nodes.sort();
        let both = ["parts/inside/0/slow", "parts/inside/1/slow"];
        assert_eq!(nodes, both, "under the runs inside");
    });
}

#[step]
async fn check(what: &str, #[resource] world: &World) -> Result<u32, Refused> {
    world.called("check", what);
    world.pass("check").await;
    Err(Refused("it was refused".into()))
}

#[step]
fn look(#[resource] world: &World) -> u32 {
    world.called("look", "");
    1
}

workflow! {
    /// What fails stands before what was done.
    #[workflow(version = "1", durable)]
    pub Torn(_n: u32) -> Result<String, Refused> {
        checked = check("torn");
        looked = look();
        #[node(after = [looked])]
        slow = reserve("slow");
        format!("{slow} {checked}")
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub AroundTorn(n: u32) -> Result<String, Refused> {
        torn = Torn::run(n);
        torn
    }
}

/// What the undos that were recorded are about.
async fn undone(orch: &Orchestrator) -> Vec<String> {
    let history = orch.runs().unwrap().history("r").await.unwrap();
    let undone = history.entries.iter();
    let undone = undone.filter(|entry| entry.kind == EntryKind::Undone);
    undone.map(|entry| entry.node.clone()).collect()
}

#[test]
fn what_a_failed_workflow_inside_had_done_is_undone_after_a_kill() {
    let (world, store) = (World::default(), Memory::new());
    let before = Process::new();
    before.run(async {
        let orch = serving(&world, &store, AroundTorn).await;
        orch.start(AroundTorn, 1).id("r").await.unwrap();
        world.until("reserve", 1).await;
        world.open("check", 1);
        world.until("release", 1).await;
    });
    before.kill(&store);
    world.open("release", 9);
    Process::new().run(async {
        let orch = serving(&world, &store, AroundTorn).await;
        let run = orch.start(AroundTorn, 1).id("r").await.unwrap();
        let error = run.result().await.unwrap_err();
        assert!(error.to_string().contains("it was refused"), "{error}");
        assert_eq!(undone(&orch).await, ["torn/slow"]);
    });
    assert_eq!((world.calls("check"), world.calls("look")), (1, 1));
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Booked(_n: u32) -> String {
        looked = look();
        #[node(after = [looked])]
        a = reserve("a");
        a
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Waits(n: u32) -> Result<String, Refused> {
        booked = Booked::run(n);
        #[node(after = [booked])]
        last = hangs("last");
        format!("{booked} {last}")
    }
}

#[test]
fn what_a_workflow_inside_had_done_is_undone_when_the_run_is_cancelled_while_nobody_drives_it() {
    let (world, store) = (World::default(), Memory::new());
    let before = Process::new();
    before.run(async {
        let orch = serving(&world, &store, Waits).await;
        orch.start(Waits, 1).id("r").await.unwrap();
        world.until("hangs", 1).await;
    });
    before.kill(&store);
    cancel_meanwhile(&store, "r");
    Process::new().run(async {
        let orch = serving(&world, &store, Waits).await;
        let run = orch.start(Waits, 1).id("r").await.unwrap();
        let status = run.result().await.unwrap_err().status();
        assert_eq!(status, RunStatus::Cancelled);
    });
    assert_eq!(
        world.keys("release"),
        ["last: nobody knows", "a: done a reserved"]
    );
    assert_eq!(world.calls("look"), 1);
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Halfway(_n: u32) -> Result<String, Refused> {
        a = reserve("a");
        #[node(after = [a])]
        last = hangs("last");
        format!("{a} {last}")
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub AroundHalfway(n: u32) -> Result<String, Refused> {
        first = reserve("first");
        #[node(after = [first])]
        halfway = Halfway::run(n);
        halfway
    }
}

workflow! {
    pub HalfwayInMemory(_n: u32) -> Result<String, Refused> {
        a = reserve("a");
        #[node(after = [a])]
        last = hangs("last");
        format!("{a} {last}")
    }
}

workflow! {
    pub AroundHalfwayInMemory(n: u32) -> Result<String, Refused> {
        first = reserve("first");
        #[node(after = [first])]
        halfway = HalfwayInMemory::run(n);
        halfway
    }
}

/// What is undone of the runs above, should they be cancelled while the last node hangs.
const HALFWAY: [&str; 3] = [
    "last: nobody knows",
    "a: done a reserved",
    "first: done first reserved",
];

#[test]
fn what_a_cancelled_workflow_inside_had_done_is_undone_before_what_came_before_it() {
    let world = World::default();
    Process::new().run(async {
        let orch = in_memory(&world).await;
        let run = orch.start(AroundHalfwayInMemory, 1).await.unwrap();
        world.until("hangs", 1).await;
        run.cancel("enough");
        let status = run.result().await.unwrap_err().status();
        assert_eq!(status, RunStatus::Cancelled);
        assert_eq!(world.keys("release"), HALFWAY, "before the run has ended");
    });
}

#[test]
fn what_a_cancelled_durable_workflow_inside_had_done_is_undone_before_the_run_has_ended() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let orch = serving(&world, &store, AroundHalfway).await;
        let run = orch.start(AroundHalfway, 1).id("r").await.unwrap();
        world.until("hangs", 1).await;
        run.cancel("enough");
        let status = run.result().await.unwrap_err().status();
        assert_eq!(status, RunStatus::Cancelled);
        assert_eq!(world.keys("release"), HALFWAY);
        assert_eq!(undone(&orch).await, ["halfway/last", "halfway/a", "first"]);
    });
}

workflow! {
    pub FailsInMemory(_n: u32) -> Result<String, Refused> {
        a = reserve("a");
        #[node(after = [a])]
        slow = reserve("slow");
        #[node(after = [slow])]
        checked = check("inside");
        format!("{a} {checked}")
    }
}

workflow! {
    pub AroundFailsInMemory(n: u32) -> Result<String, Refused> {
        first = reserve("first");
        #[node(after = [first])]
        inside = FailsInMemory::run(n);
        inside
    }
}

#[step]
fn shut(#[resource] world: &World) -> Result<(), Refused> {
    world.called("shut", "");
    Err(Refused("it does not shut".into()))
}

workflow! {
    pub ShutsInMemory(_n: u32) -> String {
        a = reserve("a");
        #[node(finally)]
        shut();
        a
    }
}

workflow! {
    pub AroundShutsInMemory(n: u32) -> Result<String, Refused> {
        inside = ShutsInMemory::run(n);
        inside
    }
}

#[test]
fn what_was_done_before_cleaning_up_failed_is_undone_with_the_rest() {
    let world = World::default();
    Process::new().run(async {
        let orch = in_memory(&world).await;
        let run = orch.start(AroundShutsInMemory, 1).await.unwrap();
        let error = run.result().await.unwrap_err();
        assert!(error.to_string().contains("it does not shut"), "{error}");
        assert_eq!(world.keys("release"), ["a: done a reserved"]);
    });
}

#[test]
fn undoing_that_is_cut_off_goes_on_where_it_was() {
    let world = World::default();
    Process::new().run(async {
        let orch = in_memory(&world).await;
        let run = orch.start(AroundFailsInMemory, 1).await.unwrap();
        world.open("check", 1);
        world.until("release", 1).await;
        run.cancel("enough");
        world.until("release", 2).await;
        world.open("release", 9);
        run.result().await.unwrap_err();
        let slow = "slow: done slow reserved";
        assert_eq!(
            world.keys("release"),
            [
                slow,
                slow,
                "a: done a reserved",
                "first: done first reserved"
            ]
        );
    });
}

#[step]
fn stand_in() -> String {
    "nothing".to_owned()
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Either(card: String) -> Result<String, Refused> {
        booked = Booked::run(1).or_else(stand_in());
        #[node(after = [booked])]
        checked = check(&card);
        format!("{booked} {checked}")
    }
}

#[test]
fn what_a_workflow_with_a_fallback_had_done_is_undone_after_a_kill() {
    let (world, store) = (World::default(), Memory::new());
    let before = Process::new();
    before.run(async {
        let orch = serving(&world, &store, Either).await;
        orch.start(Either, "c".into()).id("r").await.unwrap();
        world.until("check", 1).await;
    });
    before.kill(&store);
    world.open("check", 9);
    Process::new().run(async {
        let orch = serving(&world, &store, Either).await;
        let run = orch.start(Either, "c".into()).id("r").await.unwrap();
        run.result().await.unwrap_err();
    });
    assert_eq!(world.keys("release"), ["a: done a reserved"]);
    assert_eq!(world.calls("look"), 1);
}

workflow! {
    #[workflow(version = "1", durable)]
    pub AroundForgotten(n: u32) -> String {
        a = InsideInMemory::run(n);
        a
    }
}

#[test]
fn what_would_be_forgotten_by_a_crash_is_refused() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let said = "workflow `InsideInMemory`, inside `AroundForgotten`, undoes what it did (`compensate`) and is not durable, so that after a crash nobody would know what to undo: say `#[workflow(durable)]` of `InsideInMemory`";
        let builder = orchestrator(&world, &store).workflow(AroundForgotten);
        assert_eq!(builder.build().await.unwrap_err().problems(), [said]);
        let orch = orchestrator(&world, &store).build().await.unwrap();
        let error = orch.start(AroundForgotten, 1).await.unwrap_err();
        assert_eq!((error.code(), error.to_string().as_str()), ("forgotten", said));
    });
}
