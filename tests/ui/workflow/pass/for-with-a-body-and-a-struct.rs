use orch::prelude::*;

#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    pub title: String,
    pub words: usize,
    pub prefix: String,
}

#[step]
fn title(text: &str) -> String {
    text.split(' ').next().unwrap_or("").to_owned()
}

#[step]
fn words(text: &str) -> usize {
    text.split(' ').count()
}

#[step]
fn log(title: &str) {
    assert!(!title.is_empty());
}

workflow! {
    pub Flow(texts: Vec<String>, prefix: String) -> Vec<Page> {
        pages = for text in &texts {
            title = title(text);
            words = words(text);
            log(&title);
            Page { title: title.clone(), words, prefix: prefix.clone() }
        };
        pages
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let pages = Flow::run(vec!["one two".to_owned(), "three".to_owned()], ">".to_owned()).await.unwrap();
    assert_eq!(pages.len(), 2);
    let first = Page { title: "one".to_owned(), words: 2, prefix: ">".to_owned() };
    assert_eq!(pages[0], first);
    assert_eq!(pages[1].title, "three");
}
