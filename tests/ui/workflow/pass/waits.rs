//! Signals and sleeps, in any workflow: named, ordered, computed, in bodies and arms, under rules.

use std::time::Duration;

use orch::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Approval {
    by: String,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Plan {
    delay: Duration,
}

#[step]
fn plan(n: u32) -> Plan {
    Plan { delay: Duration::from_secs(n.into()) }
}

#[step]
fn remind(n: u32) -> u32 {
    n
}

#[step]
fn ship(n: u32, approval: Option<Approval>) -> Result<u32, std::io::Error> {
    let _ = approval;
    Ok(n)
}

#[step]
fn look(finance: Outcome<&Option<Approval>>, waited: Outcome<&()>) -> bool {
    matches!(finance, Outcome::Done(_)) && matches!(waited, Outcome::Done(()))
}

mod steps {
    use orch::prelude::*;

    /// A step of the user's own, which a path reaches.
    #[step]
    pub fn sleep(n: u32) -> u32 {
        n
    }

    #[step]
    pub fn signal(n: u32) -> u32 {
        n
    }
}

workflow! {
    #[workflow(durable)]
    pub Durable(n: u32, wait_for: Duration) -> (u32, Vec<u32>, bool, Option<Approval>) {
        waited = sleep("10d");
        finance = signal::<Approval>(timeout = "30d");
        r#type = signal::<(u32, Option<String>)>(timeout = 60);
        #[node(after = [waited])]
        remind(n);
        plan = plan(n);
        computed = sleep(plan.delay);
        by_name = sleep(wait_for);
        larger = sleep(plan.delay.max(wait_for) * 2);
        #[node(after = [computed, by_name, larger])]
        sleep(1.5);
        own = steps::sleep(n);
        other = steps::signal(own);
        approvals = for i in 0..n {
            #[node(name = "approval")]
            approve = signal::<Approval>();
            ship(i, approve)
        };
        either = if other > 3 {
            sleep("1h")
        } else {
            pause = sleep("2h");
            #[node(after = [pause])]
            again = remind(n);
            #[node(after = [again])]
            sleep("1m");
        };
        #[node(after = [either])]
        chosen = match finance.as_ref().map(|approval| approval.by.as_str()) {
            Some("ceo") => {
                ceo = signal::<Approval>(timeout = "1h");
                ship(n, ceo)
            }
            _ => remind(n),
        };
        #[node(on = all_done)]
        seen = look(finance, waited);
        #[node(on = all_failed, after = [seen])]
        rescue = signal::<u32>(timeout = "1h");
        unit = (waited, rescue.is_none());
        done = unit.1;
        (chosen, approvals, seen && done && r#type.is_some(), finance.clone())
    }
}

workflow! {
    Alone() -> Option<Approval> {
        approval = signal::<Approval>();
        approval
    }
}

workflow! {
    Nap() {
        sleep("1ms")
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    use orch::plan::NodeKind;
    assert_eq!(format!("{:?}", Durable::approve), "Signal(\"approvals/approval\")");
    assert_eq!(format!("{:?}", Durable::r#type), "Signal(\"type\")");
    assert_eq!(format!("{:?}", Durable::ceo), "Signal(\"chosen/ceo\")");
    let nodes = Durable::GRAPH.spec().scope.nodes;
    let node = |name: &str| nodes.iter().find(|node| node.name == name).map(|node| node.kind);
    let days = |days: u64| Some(Duration::from_secs(days * 24 * 60 * 60));
    assert_eq!(node("waited"), Some(NodeKind::Sleep { length: days(10) }));
    assert_eq!(node("computed"), Some(NodeKind::Sleep { length: None }));
    assert_eq!(
        node("finance"),
        Some(NodeKind::Signal { carries: "Approval", timeout: days(30) })
    );
    let _ = (Alone::approval, Alone::GRAPH, Nap::GRAPH);
}
