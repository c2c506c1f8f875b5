use orch::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub struct Report(u32);

pub struct Bare;

#[step]
fn load() -> Bare {
    Bare
}

#[step]
fn report(_bare: &Bare) -> Report {
    Report(1)
}

workflow! {
    #[workflow(durable, schedule = "0 6 * * mon-fry", priority = 200)]
    pub Flow() -> Report {
        bare = load();
        wait = sleep("1 fortnight");
        #[node(after = [wait, weit])]
        report(&bare)
    }
}

fn main() {}
