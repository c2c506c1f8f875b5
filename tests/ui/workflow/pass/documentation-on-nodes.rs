use orch::prelude::*;

#[step]
fn load() -> u32 {
    1
}

workflow! {
    /// Loads rows.
    ///
    /// And more.
    #[allow(clippy::needless_pass_by_value)]
    #[workflow(owner = "rows")]
    pub Flow() -> u32 {
        /// The rows.
        rows = load();
        // A comment that is none.
        /// The rows again.
        #[node(after = [rows])]
        #[node(timeout = "1s")]
        more = load();
        rows + more
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run().await.unwrap(), 2);
    assert_eq!(Flow::GRAPH.description(), "Loads rows.\n\nAnd more.");
}
