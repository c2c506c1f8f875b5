use orch::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
pub struct Item {
    id: u32,
}

#[step]
fn items() -> Vec<Item> {
    Vec::new()
}

#[step]
fn pack(item: &Item) -> u32 {
    item.id
}

workflow! {
    #[workflow(durable)]
    pub Flow() -> Vec<u32> {
        #[node(transient)]
        items = items();
        for item in &items {
            pack(item)
        }
    }
}

fn main() {}
