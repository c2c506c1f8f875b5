//! Values passed by reference: kept once, before anything names them, and for as long as a run needs them.

use orch::prelude::*;
use orch::store::{EntryKind, Memory, Sqlite, Store};
use orch::{ArtifactError, ArtifactErrorKind};
use serde::{Deserialize, Serialize};

use super::{Process, World, orchestrator, serving};

const LARGE: usize = 300 * 1024;

/// A document of so many bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    title: String,
    pdf: Artifact,
}

fn document(bytes: usize) -> Document {
    Document {
        title: format!("of {bytes}"),
        pdf: vec![7; bytes].into(),
    }
}

#[step]
async fn render(bytes: usize, #[resource] world: &World) -> Document {
    world.called("render", "");
    document(bytes)
}

#[step]
async fn measure(
    document: &Document,
    gate: &str,
    #[resource] world: &World,
) -> Result<usize, ArtifactError> {
    world.called("measure", &document.title);
    world.pass(gate).await;
    Ok(document.pdf.read().await?.len())
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Print(bytes: usize) -> Result<usize, ArtifactError> {
        document = render(bytes);
        measure(&document, "measure")
    }
}

/// Whether the store has such content.
fn keeps(store: &impl Store, content: &Artifact) -> bool {
    store.artifact(content.digest()).unwrap().is_some()
}

#[test]
fn what_is_too_large_for_the_journal_is_passed_by_reference() {
    let (world, store) = (World::default(), Memory::new());
    let pdf = document(LARGE).pdf;
    let before = Process::new();
    before.run(async {
        let orch = serving(&world, &store, Print).await;
        orch.start(Print, LARGE).id("r").await.unwrap();
        world.until("measure", 1).await;
        assert!(keeps(&store, &pdf), "before its reader begins");
    });
    before.kill(&store);
    world.open("measure", 9);
    Process::new().run(async {
        let orch = serving(&world, &store, Print).await;
        let again = orch.start(Print, LARGE).id("r").await.unwrap();
        assert_eq!(again.result().await.unwrap(), LARGE);
        assert_eq!(world.calls("render"), 1);

        let runs = orch.runs().unwrap();
        let history = runs.history("r").await.unwrap();
        let document = |entry: &&orch::store::Entry| entry.node == "document";
        let recorded = history.entries.iter().find(document).unwrap();
        let recorded = recorded.value.as_ref().unwrap();
        let recorded: serde_json::Value = serde_json::from_str(recorded).unwrap();
        let reference = serde_json::json!({ "digest": pdf.digest(), "size": LARGE });
        assert_eq!(
            recorded["pdf"], reference,
            "digest and size, and no content"
        );
        let content = runs.artifact(pdf.digest()).await.unwrap().unwrap();
        assert_eq!(content.len(), LARGE);

        runs.delete("r").await.unwrap();
        assert!(!keeps(&store, &pdf), "collected with the last run");
        assert_eq!(runs.artifact(pdf.digest()).await.unwrap(), None);
    });
}

#[test]
fn a_file_keeps_artifacts_too() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("runs.db");
    let world = World::default();
    world.open("measure", 9);
    Process::new().run(async {
        let store = Sqlite::open(&path).await.unwrap();
        let orch = Orchestrator::builder()
            .store(store)
            .resource(world.clone())
            .workflow(Print)
            .build()
            .await
            .unwrap();
        for id in ["one", "two"] {
            let run = orch.start(Print, LARGE).id(id).await.unwrap();
            assert_eq!(run.result().await.unwrap(), LARGE);
        }
        let runs = orch.runs().unwrap();
        let pdf = document(LARGE).pdf;
        runs.delete("one").await.unwrap();
        assert!(runs.artifact(pdf.digest()).await.unwrap().is_some());
        runs.delete("two").await.unwrap();
        assert_eq!(runs.artifact(pdf.digest()).await.unwrap(), None);
    });
}

#[step]
async fn stamp(
    pdf: &Artifact,
    #[resource] world: &World,
) -> Result<Artifact<Vec<u64>>, ArtifactError> {
    world.called("stamp", "");
    world.pass("stamp").await;
    let bytes = pdf.read().await?;
    Artifact::new(&vec![bytes.len() as u64, pdf.size()])
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Stamp(pdf: Artifact) -> Result<(Artifact, Artifact<Vec<u64>>), ArtifactError> {
        stamped = stamp(&pdf);
        (pdf.clone(), stamped.clone())
    }
}

#[test]
fn inputs_and_results_are_kept_as_long_as_their_runs() {
    let (world, store) = (World::default(), Memory::new());
    let pdf = Artifact::from(vec![1; LARGE]);
    let before = Process::new();
    before.run(async {
        let orch = serving(&world, &store, Stamp).await;
        orch.start(Stamp, pdf.clone()).id("one").await.unwrap();
        assert!(keeps(&store, &pdf), "as soon as the run is");
        world.until("stamp", 1).await;
    });
    before.kill(&store);
    world.open("stamp", 9);
    Process::new().run(async {
        let orch = serving(&world, &store, Stamp).await;
        let runs = orch.runs().unwrap();
        let one = orch.start(Stamp, pdf.clone()).id("one").await.unwrap();
        let (of_one, stamped) = one.result().await.unwrap();
        assert_eq!(of_one, pdf);
        assert_eq!(of_one.read().await.unwrap().len(), LARGE);
        assert_eq!(stamped.get().await.unwrap(), [LARGE as u64; 2]);

        // What a run gave is another one's input: by its digest alone, as the store has the content.
        let two = orch.start(Stamp, of_one.clone()).id("two").await.unwrap();
        let (of_two, _) = two.result().await.unwrap();
        runs.delete("one").await.unwrap();
        assert_eq!(of_two.read().await.unwrap().len(), LARGE);
        runs.delete("two").await.unwrap();
        assert!(!keeps(&store, &pdf) && !keeps(&store, &stamped.cast()));
        let error = of_two.read().await.unwrap_err();
        assert_eq!(error.kind(), ArtifactErrorKind::Missing);
        let error = orch.start(Stamp, of_two).await.unwrap_err();
        assert!(error.to_string().contains("no artifact"), "{error}");
    });
}

#[test]
fn a_fork_keeps_what_it_took_over() {
    let (world, store) = (World::default(), Memory::new());
    world.open("measure", 9);
    Process::new().run(async {
        let orch = serving(&world, &store, Print).await;
        let first = orch.start(Print, LARGE).id("first").await.unwrap();
        first.result().await.unwrap();
        let runs = orch.runs().unwrap();
        runs.fork_from("first", "second", "measure", None)
            .await
            .unwrap();
        runs.delete("first").await.unwrap();
        let second = orch.start(Print, LARGE).id("second").await.unwrap();
        assert_eq!(second.result().await.unwrap(), LARGE);
        assert_eq!((world.calls("render"), world.calls("measure")), (1, 2));
        runs.delete("second").await.unwrap();
        assert!(!keeps(&store, &document(LARGE).pdf));
    });
}

#[step]
async fn grow(pdf: Artifact, #[resource] world: &World) -> ControlFlow<Artifact, Artifact> {
    world.called("grow", "");
    let bytes = pdf.read().await.map_or(0, |content| content.len());
    if bytes == 3 {
        world.pass("grow").await;
        return ControlFlow::Break(pdf);
    }
    ControlFlow::Continue(vec![0; bytes + 1].into())
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Inside(bytes: usize) -> Result<usize, ArtifactError> {
        document = render(bytes);
        measure(&document, "inside")
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Everywhere(sizes: Vec<usize>) -> Vec<usize> {
        pages = for bytes in &sizes { render(*bytes) };
        lengths = for page in &pages { measure(page, "page") };
        sent = signal::<Document>();
        of_sent = if let Some(sent) = &sent { measure(sent, "sent") } else { 0 };
        inside = Inside::run(1);
        grown = grow(Artifact::from(Vec::new())).repeat(max = 9);
        last = measure(&Document { title: "last".to_owned(), pdf: grown.clone() }, "last");
        [lengths.clone(), vec![*of_sent, *inside, *last]].concat()
    }
}

#[test]
fn items_turns_signals_and_workflows_inside_refer_to_them() {
    let (world, store) = (World::default(), Memory::new());
    let before = Process::new();
    before.run(async {
        let builder = orchestrator(&world, &store).workflow(Everywhere);
        let orch = builder.workflow(Inside).build().await.unwrap();
        let run = orch.start(Everywhere, vec![11, 12]).id("r").await.unwrap();
        run.signal(Everywhere::sent, document(13)).await.unwrap();
        // Every step that reads waits, and so does the last turn.
        world.until("measure", 4).await;
        world.until("grow", 4).await;
    });
    before.kill(&store);
    for gate in ["page", "sent", "inside", "grow", "last"] {
        world.open(gate, 9);
    }
    Process::new().run(async {
        let builder = orchestrator(&world, &store).workflow(Everywhere);
        let orch = builder.workflow(Inside).build().await.unwrap();
        let run = orch.start(Everywhere, vec![11, 12]).id("r").await.unwrap();
        assert_eq!(run.result().await.unwrap(), [11, 12, 13, 1, 3]);
        assert_eq!((world.calls("render"), world.calls("grow")), (3, 5));
        let runs = orch.runs().unwrap();
        runs.delete("r").await.unwrap();
        for bytes in [11, 12, 13, 1] {
            assert!(!keeps(&store, &document(bytes).pdf), "{bytes}");
        }
    });
}

#[step]
async fn withdraw(outcome: Outcome<&Document>, _bytes: usize, #[resource] world: &World) {
    if let Outcome::Done(document) = outcome
        && let Ok(content) = document.pdf.read().await
    {
        world.called("withdraw", &content.len().to_string());
    }
}

#[step(compensate = withdraw)]
fn publish(bytes: usize) -> Document {
    document(bytes)
}

#[step]
fn refuse(_document: &Document) -> Result<(), std::io::Error> {
    Err(std::io::Error::other("refused"))
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Published(bytes: usize) -> Result<(), std::io::Error> {
        published = publish(bytes);
        refuse(&published)
    }
}

workflow! {
    pub InMemory(bytes: usize) -> Result<usize, Box<dyn std::error::Error + Send + Sync>> {
        published = publish(bytes);
        sent = signal::<Document>();
        read = if let Some(sent) = &sent { measure(sent, "read") } else { 0 };
        #[node(after = [read])]
        refused = refuse(&published);
        let_down(&refused, read)
    }
}

#[step]
fn let_down(_refused: &(), read: usize) -> usize {
    read
}

#[test]
fn what_undoes_a_step_reads_what_it_gave() {
    let (world, store) = (World::default(), Memory::new());
    world.open("read", 1);
    Process::new().run(async {
        let builder = orchestrator(&world, &store).workflow(Published);
        let orch = builder.workflow(InMemory).build().await.unwrap();
        let run = orch.start(Published, LARGE).await.unwrap();
        assert!(run.result().await.is_err());
        assert_eq!(world.keys("withdraw"), [LARGE.to_string()]);

        // In a run that is not durable, what is only JSON until it is wanted finds its content as well.
        let run = orch.start(InMemory, 5).await.unwrap();
        run.signal(InMemory::sent, document(6)).await.unwrap();
        let error = run.result().await.unwrap_err();
        assert_eq!(error.failures()[0].node(), "refused", "{error}");
        assert_eq!(world.keys("withdraw"), [LARGE.to_string(), "5".to_owned()]);
    });
}

#[step]
fn unknown(digest: &str) -> Artifact {
    // As of a request that names what it was never given.
    serde_json::from_value(serde_json::json!({ "digest": digest, "size": 3 })).unwrap()
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Unknown(digest: String) -> u64 {
        named = unknown(&digest);
        named.size()
    }
}

#[test]
fn what_nobody_keeps_is_not_recorded() {
    let (world, store) = (World::default(), Memory::new());
    Process::new().run(async {
        let orch = serving(&world, &store, Unknown).await;
        let run = orch.start(Unknown, "00".repeat(32)).id("r").await.unwrap();
        let error = run.result().await.unwrap_err();
        assert!(error.to_string().contains("not kept"), "{error}");
        let history = orch.runs().unwrap().history("r").await.unwrap();
        let done = |entry: &&orch::store::Entry| entry.kind == EntryKind::Done;
        assert_eq!(history.entries.iter().find(done), None);
    });
}

#[tokio::test]
async fn a_test_reads_what_its_run_gave() {
    let world = World::default();
    world.open("stamp", 1);
    let tested = orch::testing::TestRun::of(Stamp)
        .resource(world)
        .run(Artifact::from(vec![1; 9]))
        .await
        .unwrap();
    let (pdf, stamped) = tested.result.unwrap();
    assert_eq!(pdf.read().await.unwrap().len(), 9);
    assert_eq!(stamped.get().await.unwrap(), [9, 9]);
}
