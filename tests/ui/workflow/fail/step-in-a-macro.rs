use orch::prelude::*;

#[step]
fn load(page: u32) -> u32 {
    page
}

#[step]
fn print(text: String, rows: Vec<u32>) -> usize {
    text.len() + rows.len()
}

workflow! {
    Flow() -> usize {
        rows = vec![load(1), 2];
        print(format!("{}", load(3)), rows)
    }
}

fn main() {}
