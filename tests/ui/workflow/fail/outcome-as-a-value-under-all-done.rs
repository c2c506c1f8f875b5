use orch::prelude::*;

#[step]
fn load() -> Result<u32, std::io::Error> {
    Ok(1)
}

#[step]
fn report(rows: &u32) -> String {
    rows.to_string()
}

workflow! {
    Flow() -> String {
        rows = load();
        #[node(on = all_done)]
        told = report(&rows);
        told
    }
}

fn main() {}
