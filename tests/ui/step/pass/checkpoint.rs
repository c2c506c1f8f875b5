//! Values that somebody decides about, whatever is said of who and how long.

use std::time::Duration;

use orch::plan::{Checkpoint, OnExpire};
use orch::prelude::*;

#[step(checkpoint_after)]
fn draft(n: u32) -> u32 {
    n
}

#[step(checkpoint_after(approvers = ["legal", "ops"], expires = "2d", on_expire = approve), retries = 2)]
async fn review(n: u32) -> Result<u32, std::io::Error> {
    Ok(n)
}

#[step]
fn publish(n: u32) -> u32 {
    n
}

workflow! {
    #[workflow(durable)]
    Flow(n: u32) -> Result<(u32, Option<u32>, Option<Vec<u32>>), std::io::Error> {
        drafted = draft(n);
        reviewed = review(drafted);
        #[node(checkpoint_after(approvers = ["ceo"], expires = 60))]
        published = publish(reviewed);
        #[node(allow_skip = "nobody is told", checkpoint_after)]
        told = publish(published);
        #[node(allow_skip = "nobody is told", optional)]
        also = review(published);
        #[node(allow_skip = "nothing is printed")]
        printed = for i in 0..n { publish(i) };
        #[node(allow_skip = "nothing is drawn")]
        drawn = if n > 3 { publish(n) } else { publish(0) };
        many = told.map(|told| told + drawn.unwrap_or(0));
        (published, many.or(also), printed)
    }
}

fn main() {
    let nodes = Flow::GRAPH.spec().scope.nodes;
    assert_eq!(nodes[0].checkpoint, None);
    assert_eq!(
        nodes[2].checkpoint,
        Some(Checkpoint {
            approvers: &["ceo"],
            expires: Some(Duration::from_secs(60)),
            on_expire: OnExpire::Reject,
        })
    );
    assert_eq!(nodes[3].checkpoint, Some(Checkpoint::ANYBODY));
    assert_eq!(nodes[3].allow_skip, "nobody is told");
}
