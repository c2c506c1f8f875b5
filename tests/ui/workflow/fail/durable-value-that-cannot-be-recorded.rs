use orch::prelude::*;

pub struct Session(u32);

#[step]
fn open(user: u32) -> Session {
    Session(user)
}

#[step]
fn read(session: &Session) -> u32 {
    session.0
}

workflow! {
    #[workflow(durable)]
    pub Flow(user: u32) -> u32 {
        session = open(user);
        read(&session)
    }
}

fn main() {}
