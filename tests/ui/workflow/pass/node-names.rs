use orch::prelude::*;

#[step]
fn review(text: &str) -> usize {
    text.len()
}

workflow! {
    pub Flow(text: String) -> usize {
        #[node(name = "review-sql-results")]
        first = review(&text);
        second_pass = review(&text);
        review(&text);
        review(&text);
        first + second_pass
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run("ab".to_owned()).await.unwrap(), 4);
    let names: Vec<&str> = Flow::GRAPH.nodes().map(|node| node.name()).collect();
    assert_eq!(names, ["review-sql-results", "second-pass", "review", "review-2"]);
}
