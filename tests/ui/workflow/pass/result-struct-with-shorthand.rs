use orch::prelude::*;

#[derive(Debug, PartialEq)]
pub struct Report {
    pub title: String,
    pub pages: Vec<u32>,
    pub longest: u32,
    pub empty: bool,
}

// Not `Clone`: what is put together in the result is moved there.
#[step]
fn title() -> String {
    "report".to_owned()
}

#[step]
fn count() -> Vec<u32> {
    vec![1, 5]
}

#[step]
fn most(pages: &[u32]) -> u32 {
    pages.iter().copied().max().unwrap_or(0)
}

workflow! {
    pub Flow() -> Report {
        title = title();
        pages = count();
        longest = most(&pages);
        Report { title, pages: pages.clone(), longest, empty: pages.is_empty() }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let report = Flow::run().await.unwrap();
    let expected = Report { title: "report".to_owned(), pages: vec![1, 5], longest: 5, empty: false };
    assert_eq!(report, expected);
}
