use orch::prelude::*;

#[step]
fn live() -> Result<u32, std::io::Error> {
    Ok(1)
}

#[step]
fn stored() -> u32 {
    2
}

fn is_refused(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::ConnectionRefused
}

workflow! {
    Flow() -> u32 {
        rate = live().or_else(stored(), when = is_refusd);
        rate
    }
}

fn main() {}
