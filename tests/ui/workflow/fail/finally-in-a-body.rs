use orch::prelude::*;

#[step]
fn unlock(door: u32) -> u32 {
    door
}

workflow! {
    Flow(doors: Vec<u32>) -> usize {
        unlocked = for door in &doors {
            #[node(finally)]
            unlock(*door);
            *door
        };
        unlocked.len()
    }
}

fn main() {}
