use orch::prelude::*;

pub struct Ticket(u32);

pub enum Trip {
    Return { there: Ticket, back: Ticket },
    OneWay(Ticket),
}

#[step]
fn buy(number: u32) -> Ticket {
    Ticket(number)
}

workflow! {
    pub Both() -> (Trip, [Ticket; 1]) {
        there = buy(1);
        back = buy(2);
        spare = buy(3);
        (Trip::Return { there, back: back }, [spare])
    }
}

workflow! {
    pub One() -> Trip {
        there = buy(7);
        Trip::OneWay(there)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let (trip, [spare]) = Both::run().await.unwrap();
    let Trip::Return { there, back } = trip else { panic!("not a return trip") };
    assert_eq!((there.0, back.0, spare.0), (1, 2, 3));
    let Trip::OneWay(there) = One::run().await.unwrap() else { panic!("not one way") };
    assert_eq!(there.0, 7);
}
