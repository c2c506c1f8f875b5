use orch::prelude::*;

pub struct Reservation(u32);

#[step]
fn release(outcome: Outcome<&Reservation>, _items: &[u32]) {
    let _ = outcome.done().map(|reservation| reservation.0);
}

#[step(compensate = release)]
fn reserve(items: &[u32]) -> Result<Reservation, std::io::Error> {
    Ok(Reservation(items.len() as u32))
}

fn main() {}
