//! A durable workflow with everything that is recorded: calls, fallbacks, turns, items, arms and other workflows.

use std::collections::BTreeMap;

use orch::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    id: u32,
    items: Vec<Item>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    id: u32,
    weight: f64,
}

#[derive(Debug, thiserror::Error)]
pub enum ShopError {
    #[error("out of stock")]
    Stock,
    #[error("a part of it failed")]
    Part(#[from] RunError),
}

/// A type of which only what it gives is recorded.
pub struct Connection;

#[step(retries = 2)]
async fn load(id: u32) -> Result<Order, ShopError> {
    Err(ShopError::Stock).or(Ok(Order { id, items: vec![] }))
}

#[step]
fn connect() -> Connection {
    Connection
}

#[step]
fn ask(_connection: &Connection, n: u32) -> Option<u32> {
    Some(n)
}

#[step]
fn pack(item: Item) -> f64 {
    item.weight
}

#[step]
fn turn(n: u32) -> ControlFlow<String, u32> {
    if n > 3 {
        ControlFlow::Break(n.to_string())
    } else {
        ControlFlow::Continue(n + 1)
    }
}

#[step]
fn table(weights: &[f64], text: &str) -> BTreeMap<String, (u32, Option<bool>)> {
    BTreeMap::from([(text.to_owned(), (weights.len() as u32, None))])
}

#[step]
fn count(n: u32) -> u32 {
    n
}

#[step]
fn note(ended: Outcome<&Order>) {
    let _ = ended;
}

workflow! {
    #[workflow(durable)]
    pub Durable(n: u32) -> String {
        turn(n).repeat(max = 5, every = "1s")
    }
}

workflow! {
    pub InMemory(n: u32) -> String {
        turn(n).repeat(max = 5)
    }
}

workflow! {
    #[workflow(durable)]
    pub Nothing() {}
}

workflow! {
    #[workflow(version = "1.2.0", durable)]
    pub Checkout(r#type: u32, names: Vec<String>) -> Result<(Vec<f64>, String, u32), ShopError> {
        order = load(r#type).or_else(load(r#type + 1));
        #[node(transient)]
        connection_again = connect();
        asked = ask(&connection_again, r#type);
        weights = for Item { id, weight } in order.items.clone() {
            if id > 3 { count(id) } else { count(0) };
            pack(Item { id, weight })
        };
        #[node(key = format!("{}-{}", item.id, order.id), tolerate = 1)]
        again = for item in order.items.clone() {
            pack(item)
        };
        #[node(key = chunk.len())]
        sizes = for chunk in names.chunked(2) {
            inner = for name in chunk { count(name.len() as u32) };
            inner.len()
        };
        in_memory = InMemory::run(r#type).outcome();
        #[node(optional)]
        durable = Durable::run(r#type);
        #[node(transient, optional)]
        table = table(&weights, "x");
        chosen = match asked {
            Some(n) if n > 3 => count(n),
            Some(_) => { seen = count(1); count(seen) }
            None => count(0),
        };
        maybe = if chosen > 3 { count(chosen) };
        #[node(finally)]
        note(order);
        #[node(on = all_done)]
        note(order);
        text = format!("{in_memory:?} {durable:?} {table:?} {maybe:?} {} {}", again.len(), sizes.len());
        (weights.clone(), text, chosen)
    }
}

fn main() {
    let graph = Checkout::GRAPH;
    assert!(graph.spec().durable && !InMemory::GRAPH.spec().durable);
    let transient = graph.spec().scope.nodes.iter().filter(|node| node.transient);
    let transient: Vec<_> = transient.map(|node| node.name).collect();
    assert_eq!(transient, ["connection-again", "table"]);
    let _ = (Durable::GRAPH, Nothing::GRAPH);
}
