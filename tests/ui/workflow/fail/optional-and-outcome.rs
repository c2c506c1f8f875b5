use orch::prelude::*;

#[step]
fn load() -> Result<u32, std::io::Error> {
    Ok(1)
}

workflow! {
    Flow() -> bool {
        #[node(optional)]
        rows = load().outcome();
        rows.is_done()
    }
}

fn main() {}
