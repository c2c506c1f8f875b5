use orch::prelude::*;

#[step(retries = 3)]
fn load() -> Result<u32, std::io::Error> {
    Ok(1)
}

fn is_overflow(error: &std::num::ParseIntError) -> bool {
    error.to_string().is_empty()
}

workflow! {
    Flow() -> u32 {
        #[node(retry_if = is_overflow)]
        rows = load();
        rows
    }
}

fn main() {}
