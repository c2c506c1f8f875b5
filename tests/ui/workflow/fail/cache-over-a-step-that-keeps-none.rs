use orch::prelude::*;

pub struct Rows(Vec<u32>);

#[step]
fn load(page: u32) -> Rows {
    Rows(vec![page])
}

workflow! {
    Flow(page: u32) -> usize {
        #[node(cache_ttl = 60)]
        rows = load(page);
        rows.0.len()
    }
}

fn main() {}
