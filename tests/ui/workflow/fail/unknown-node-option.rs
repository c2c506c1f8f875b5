use orch::prelude::*;

#[step]
fn charge(amount: u32) -> Result<u32, std::io::Error> {
    Ok(amount)
}

workflow! {
    Flow(amount: u32) -> u32 {
        #[node(retires = 3)]
        charged = charge(amount);
        charged
    }
}

fn main() {}
