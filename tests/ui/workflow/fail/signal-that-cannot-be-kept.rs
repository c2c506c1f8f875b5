use orch::prelude::*;

pub struct Approval;

#[step]
fn ship(approval: &Option<Approval>) -> bool {
    approval.is_some()
}

workflow! {
    pub Flow() -> bool {
        approval = signal::<Approval>();
        ship(&approval)
    }
}

fn main() {}
