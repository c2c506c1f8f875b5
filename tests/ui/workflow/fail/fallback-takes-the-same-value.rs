use orch::prelude::*;

pub struct Ticket(u32);

#[step]
fn buy() -> Ticket {
    Ticket(1)
}

#[step]
fn punch(ticket: Ticket) -> Result<u32, std::io::Error> {
    Ok(ticket.0)
}

#[step]
fn stamp(ticket: Ticket) -> u32 {
    ticket.0
}

workflow! {
    Flow() -> u32 {
        ticket = buy();
        punch(ticket).or_else(stamp(ticket))
    }
}

fn main() {}
