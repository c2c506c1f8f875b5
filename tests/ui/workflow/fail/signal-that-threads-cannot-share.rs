use orch::prelude::*;

#[derive(serde::Serialize, serde::Deserialize)]
pub struct Approval(std::cell::Cell<u32>);

#[step]
fn look(given: bool) -> bool {
    given
}

workflow! {
    pub Flow() -> bool {
        approval = signal::<Approval>(timeout = "3d");
        given = approval.as_ref().is_some_and(|approval| approval.0.get() > 0);
        look(given)
    }
}

fn main() {}
