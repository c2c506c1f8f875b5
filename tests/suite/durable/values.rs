//! Values of every shape come back as they were: borrowed, moved, absent, of arms, of bodies, outcomes and turns.

use orch::prelude::*;
use serde::{Deserialize, Serialize};

use super::World;
use super::shapes::killed;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    id: u32,
    items: Vec<Item>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    id: u32,
    weights: Vec<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    fallback: u32,
    absent: Option<u32>,
    present: Option<u32>,
    ended: String,
    note: String,
    arm: (u32, String),
    bodies: Vec<(u32, usize, Option<u32>)>,
    turns: String,
    owned: Vec<u32>,
    last: u32,
}

/// Not kept: it lives as long as the process.
pub struct Connection(u32);

#[derive(Debug, thiserror::Error)]
#[error("refused")]
pub struct Refused;

#[step]
fn refuse(what: &str, #[resource] world: &World) -> Result<u32, Refused> {
    world.called(what, "");
    Err(Refused)
}

#[step]
async fn load(what: &str, n: u32, #[resource] world: &World) -> Result<u32, Refused> {
    world.called(what, "");
    Ok(n)
}

#[step]
fn describe(ended: Outcome<&u32>, #[resource] world: &World) -> String {
    world.called("describe", "");
    ended.error().map(ToString::to_string).unwrap_or_default()
}

#[step]
fn upper(note: String, #[resource] world: &World) -> String {
    world.called("upper", "");
    note.to_uppercase()
}

#[step]
fn turn(n: u32, #[resource] world: &World) -> ControlFlow<String, u32> {
    world.called("turn", "");
    if n < 3 {
        ControlFlow::Continue(n + 1)
    } else {
        ControlFlow::Break(format!("broke at {n}"))
    }
}

#[step]
fn connect(n: u32, #[resource] world: &World) -> Connection {
    world.called("connect", "");
    Connection(n)
}

#[step]
async fn last(connection: &Connection, #[resource] world: &World) -> Result<u32, Refused> {
    world.called("last", "");
    world.pass("last").await;
    Ok(connection.0)
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Values(order: Order, note: String) -> Result<Summary, Refused> {
        fallback = refuse("first").or_else(load("second", order.id));
        #[node(optional)]
        absent = refuse("absent");
        #[node(optional)]
        present = load("present", order.id + 1);
        tried = refuse("tried").outcome();
        ended = describe(tried);
        upper = upper(note);
        arm = if fallback > 1 {
            inside = load("inside", 5);
            (inside, "taken".to_owned())
        } else {
            (0_u32, String::new())
        };
        #[node(key = item.id)]
        bodies = for item in &order.items {
            weights = for weight in item.weights.clone() { load("weight", weight) };
            big = if item.id > 1 { load("big", item.id) };
            (item.id, weights.len(), big)
        };
        turns = turn(0).repeat(max = 5);
        owned = for n in 0..3_u32 { load("owned", n) };
        #[node(transient)]
        connection = connect(fallback);
        #[node(after = [absent, present, ended, upper, arm, bodies, turns, owned])]
        last = last(&connection);
        Summary {
            fallback,
            absent,
            present,
            ended,
            note: upper,
            arm: arm.clone(),
            bodies: bodies.clone(),
            turns: turns.clone(),
            owned,
            last,
        }
    }
}

#[test]
fn values_come_back_as_they_were() {
    let world = World::default();
    let item = |id: u32, weights: &[u32]| Item {
        id,
        weights: weights.to_vec(),
    };
    let order = Order {
        id: 7,
        items: vec![item(1, &[1, 2]), item(2, &[])],
    };
    let input = (order, "mind the step".to_owned());
    let summary = killed(Values, input.clone(), input, "last", 1, &world).unwrap();
    assert_eq!(
        summary,
        Summary {
            fallback: 7,
            absent: None,
            present: Some(8),
            ended: summary.ended.clone(),
            note: "MIND THE STEP".to_owned(),
            arm: (5, "taken".to_owned()),
            bodies: vec![(1, 2, None), (2, 0, Some(2))],
            turns: "broke at 3".to_owned(),
            owned: vec![0, 1, 2],
            last: 7,
        }
    );
    assert!(summary.ended.contains("refused"), "{}", summary.ended);
    for (step, calls) in [
        ("first", 1),
        ("second", 1),
        ("absent", 1),
        ("present", 1),
        ("tried", 1),
        ("describe", 1),
        ("upper", 1),
        ("inside", 1),
        ("weight", 2),
        ("big", 1),
        ("turn", 4),
        ("owned", 3),
        ("connect", 2),
        ("last", 2),
    ] {
        assert_eq!(world.calls(step), calls, "{step}");
    }
}

#[step]
fn mean(of: &[f64]) -> Vec<f64> {
    vec![of.iter().sum::<f64>() / of.len() as f64]
}

#[step]
fn maybe(of: &[f64]) -> Option<f64> {
    Some(of.iter().sum::<f64>() / of.len() as f64)
}

#[step]
fn seen(maybe: Option<f64>) -> String {
    format!("{maybe:?}")
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Means(of: Vec<f64>) -> f64 {
        mean = mean(&of);
        mean[0]
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Maybe(of: Vec<f64>) -> String {
        maybe = maybe(&of);
        seen(maybe)
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Share(of: f64, all: f64) -> f64 {
        of / all
    }
}

#[test]
fn what_would_not_come_back_does_not_go_in() {
    let (world, store) = (World::default(), orch::store::Memory::new());
    super::Process::new().run(async {
        let builder = super::orchestrator(&world, &store)
            .workflow(Means)
            .workflow(Maybe);
        let orch = builder.workflow(Share).build().await.unwrap();
        assert_eq!(
            orch.start(Means, vec![1.0, 3.0])
                .await
                .unwrap()
                .result()
                .await
                .unwrap(),
            2.0
        );
        let error = orch
            .start(Means, vec![])
            .await
            .unwrap()
            .result()
            .await
            .unwrap_err();
        assert_eq!(error.failures()[0].node(), "mean");
        assert!(
            error.to_string().contains("does not come back from JSON"),
            "{error}"
        );
        let error = orch.start(Means, vec![f64::NAN]).await.unwrap_err();
        assert_eq!(error.code(), "input");
        let error = orch
            .start(Share, (0.0, 0.0))
            .await
            .unwrap()
            .result()
            .await
            .unwrap_err();
        assert!(
            error
                .to_string()
                .contains("does not go into JSON and come back"),
            "{error}"
        );
        // Others see what would be there after a crash.
        let seen = orch.start(Maybe, vec![]).await.unwrap().result().await;
        assert_eq!(seen.unwrap(), "None");
    });
}

#[step]
fn sample(n: u32) -> Vec<f64> {
    // A tenth of all fractions would be read as their neighbours if they were not read exactly.
    (1..=n)
        .map(|at| f64::from(at).sqrt() / 7.0 + 907.303_832_202_868_9)
        .collect()
}

#[step]
async fn exact(x: f64, #[resource] world: &World) -> u64 {
    world.called("exact", "");
    world.pass("exact").await;
    x.to_bits()
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Exact(first: f64, n: u32) -> Vec<u64> {
        all = sample(n);
        bits = for x in all.iter().copied().chain([first]).collect::<Vec<_>>() {
            exact(x)
        };
        bits
    }
}

#[test]
fn numbers_come_back_to_the_last_bit() {
    let world = World::default();
    let first = 0.1 + 0.2;
    world.open("exact", 500);
    let bits = killed(Exact, (first, 999), (first, 999), "exact", 501, &world).unwrap();
    let expected = sample(999).into_iter().chain([first]);
    assert_eq!(bits, expected.map(f64::to_bits).collect::<Vec<_>>());
}

#[step]
fn absent(pair: &(Option<Option<f64>>, Option<f64>)) -> String {
    format!("{pair:?}")
}

#[step]
fn pair(n: u32) -> (Option<Option<f64>>, Option<f64>) {
    (Some(None), Some(f64::from(n) / 0.0 * 0.0))
}

#[step]
async fn again(state: Option<f64>, #[resource] world: &World) -> ControlFlow<bool, Option<f64>> {
    world.called("again", "");
    if world.calls("again") > 1 {
        world.pass("again").await;
        return ControlFlow::Break(state.is_some());
    }
    ControlFlow::Continue(Some(f64::NAN))
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Absent(n: u32, given: Option<f64>) -> (String, bool, bool) {
        pair = pair(n);
        seen = absent(&pair);
        ended = again(given).repeat(max = 5);
        (seen, given.is_some(), ended)
    }
}

#[test]
fn what_json_has_one_word_for_is_the_same_with_and_without_a_crash() {
    let expected = ("(None, None)".to_owned(), false, false);
    let input = (1, Some(f64::NAN));
    let world = World::default();
    world.open("again", 9);
    super::Process::new().run(async {
        let orch = super::serving(&world, &orch::store::Memory::new(), Absent).await;
        let run = orch.start(Absent, input).await.unwrap();
        assert_eq!(run.result().await.unwrap(), expected);
    });
    let world = World::default();
    let after = killed(Absent, input, input, "again", 2, &world);
    assert_eq!(after.unwrap(), expected);
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Nested(Vec<Nested>);

#[step]
fn nested(levels: u32) -> Nested {
    (1..levels).fold(Nested(Vec::new()), |inner, _| Nested(vec![inner]))
}

#[step]
fn levels(of: &Nested) -> u32 {
    1 + of.0.first().map_or(0, levels_of)
}

fn levels_of(of: &Nested) -> u32 {
    1 + of.0.first().map_or(0, levels_of)
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Deep(of: u32) -> u32 {
        nested = nested(of);
        levels(&nested)
    }
}

#[step]
fn count(n: (u32, f64)) -> ControlFlow<u32, (u32, f64)> {
    match n {
        (5, _) => ControlFlow::Break(5),
        (n, share) => ControlFlow::Continue((n + 1, share / 0.0 * 0.0)),
    }
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Counted(n: u32) -> u32 {
        counted = count((n, 1.0)).repeat(max = 9);
        counted
    }
}

#[test]
fn what_could_not_be_read_fails_its_node() {
    let (world, store) = (World::default(), orch::store::Memory::new());
    super::Process::new().run(async {
        let builder = super::orchestrator(&world, &store).workflow(Deep);
        let orch = builder.workflow(Counted).build().await.unwrap();
        let levels = orch.start(Deep, 120).await.unwrap().result().await;
        assert_eq!(levels.unwrap(), 120);
        let error = orch.start(Deep, 200).await.unwrap().result().await;
        let error = error.unwrap_err().to_string();
        assert!(error.contains("does not come back from JSON"), "{error}");
        let error = orch.start(Counted, 1).await.unwrap().result().await;
        let error = error.unwrap_err().to_string();
        assert!(error.contains("does not come back from JSON"), "{error}");
    });
}
