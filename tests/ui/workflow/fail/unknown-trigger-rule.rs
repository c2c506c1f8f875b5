use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

#[step]
fn report(rows: Outcome<&u32>) -> String {
    rows.as_str().to_owned()
}

workflow! {
    Flow() -> String {
        rows = load();
        #[node(on = all_don)]
        told = report(rows);
        told
    }
}

fn main() {}
