use orch::prelude::*;

#[step]
fn open(door: &str) -> u32 {
    door.len() as u32
}

#[step]
fn close(door: &str, key: u32) -> u32 {
    door.len() as u32 + key
}

workflow! {
    Flow(door: String) -> u32 {
        #[node(after = [closed])]
        opened = open(&door);
        closed = close(&door, opened);
        closed
    }
}

fn main() {}
