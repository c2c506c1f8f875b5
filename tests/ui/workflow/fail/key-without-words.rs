use orch::prelude::*;

#[derive(Clone, Copy, serde::Serialize)]
pub struct Id(u32);

#[step]
fn same(id: Id) -> u32 {
    id.0
}

workflow! {
    #[workflow(durable)]
    pub Flow(n: u32) -> Vec<u32> {
        ids = [Id(n), Id(2)];
        #[node(key = id)]
        for id in ids {
            same(id)
        }
    }
}

fn main() {}
