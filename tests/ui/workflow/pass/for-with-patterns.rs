use orch::prelude::*;

#[derive(Clone)]
pub struct Item {
    pub name: String,
    pub count: usize,
}

#[step]
fn repeat(name: &str, count: usize) -> String {
    name.repeat(count)
}

workflow! {
    pub Flow(items: Vec<Item>, pairs: Vec<(String, usize)>) -> (Vec<String>, Vec<String>) {
        named = for Item { name, count } in &items { repeat(name, *count) };
        paired = for (name, count) in &pairs { repeat(name, *count) };
        (named, paired)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let items = vec![Item { name: "a".to_owned(), count: 2 }];
    let (named, paired) = Flow::run(items, vec![("b".to_owned(), 3)]).await.unwrap();
    assert_eq!((named[0].as_str(), paired[0].as_str()), ("aa", "bbb"));
}
