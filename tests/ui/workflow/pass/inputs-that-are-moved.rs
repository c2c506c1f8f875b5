use orch::prelude::*;

pub struct Ticket(u32);

#[step]
fn punch(ticket: Ticket) -> u32 {
    ticket.0
}

workflow! {
    pub Flow(first: Ticket, second: Ticket) -> (u32, Ticket) {
        punched = punch(first);
        (punched, second)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let (punched, kept) = Flow::run(Ticket(1), Ticket(2)).await.unwrap();
    assert_eq!((punched, kept.0), (1, 2));
}
