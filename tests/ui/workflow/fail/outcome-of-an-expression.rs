use orch::prelude::*;

#[step]
fn load() -> Result<u32, std::io::Error> {
    Ok(1)
}

#[step]
fn report(rows: Outcome<&u32>) -> String {
    rows.as_str().to_owned()
}

workflow! {
    Flow() -> String {
        rows = load();
        more = rows + 1;
        #[node(on = all_done)]
        told = report(more);
        told
    }
}

fn main() {}
