use orch::prelude::*;

pub struct Receipt {
    id: u32,
}

#[step]
fn ship(order: u32) -> Result<u32, std::io::Error> {
    Ok(order)
}

workflow! {
    #[workflow(durable)]
    pub Flow(order: u32) -> Result<Receipt, std::io::Error> {
        id = ship(order);
        Receipt { id }
    }
}

fn main() {
    let _ = |receipt: Receipt| receipt.id;
}
