use orch::prelude::*;

#[step]
fn pack(item: &str) -> String {
    format!("[{item}]")
}

workflow! {
    pub Flow(items: Vec<String>) -> Vec<String> {
        for item in &items { pack(item) }
    }
}

workflow! {
    pub Some(items: Vec<String>, skip: usize) -> String {
        packed = for item in &items[skip..] { pack(item) };
        packed.join("")
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let items = || ["a", "b", "c"].map(str::to_owned).to_vec();
    assert_eq!(Flow::run(items()).await.unwrap(), ["[a]", "[b]", "[c]"]);
    assert_eq!(Some::run(items(), 1).await.unwrap(), "[b][c]");
    assert!(Flow::run(Vec::new()).await.unwrap().is_empty());
}
