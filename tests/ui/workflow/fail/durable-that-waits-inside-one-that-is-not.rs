use orch::prelude::*;

#[step(checkpoint_after(approvers = ["legal"]))]
fn review(n: u32) -> u32 {
    n
}

workflow! {
    #[workflow(durable, version = "1")]
    pub Reviewed(n: u32) -> u32 {
        review(n)
    }
}

workflow! {
    #[workflow(durable, version = "1")]
    pub Answered(_n: u32) -> u32 {
        answer = signal::<u32>(timeout = "1d");
        answer.unwrap_or_default()
    }
}

workflow! {
    pub Flow(n: u32) -> u32 {
        seen = Reviewed::run(n);
        said = if n > 3 { Answered::run(n) } else { 0 };
        seen + said
    }
}

fn main() {}
