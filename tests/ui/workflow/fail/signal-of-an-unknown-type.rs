use orch::prelude::*;

#[step]
fn look(given: bool) -> bool {
    given
}

workflow! {
    pub Flow() -> bool {
        approval = signal::<Aproval>(timeout = "3d");
        look(approval.is_some())
    }
}

fn main() {}
