use orch::prelude::*;

#[step]
fn load() -> Result<u32, std::io::Error> {
    Ok(1)
}

workflow! {
    Flow() -> String {
        rows = load().outcome(true);
        rows.as_str().to_owned()
    }
}

fn main() {}
