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

workflow! {
    Flow() -> u32 {
        ticket = buy();
        #[node(retries = 3)]
        punched = punch(ticket);
        punched
    }
}

fn main() {}
