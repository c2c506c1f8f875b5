use orch::prelude::*;

pub struct Ticket(u32);

#[step]
fn buy() -> Ticket {
    Ticket(1)
}

#[step]
fn punch(ticket: Ticket) -> u32 {
    ticket.0
}

workflow! {
    Flow() -> u32 {
        ticket = buy();
        there = punch(ticket.clone());
        there
    }
}

fn main() {}
