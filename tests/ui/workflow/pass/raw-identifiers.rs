use orch::prelude::*;

#[step]
fn r#type(r#in: &str) -> String {
    format!("<{}>", r#in)
}

#[step]
fn join(r#fn: &str, r#match: &str) -> String {
    format!("{}{}", r#fn, r#match)
}

workflow! {
    pub Flow(r#in: String) -> String {
        r#struct = r#type(&r#in);
        #[node(after = [r#struct])]
        r#loop = r#type(&format!("{}!", r#in));
        join(&r#struct, &r#loop)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run("a".to_owned()).await.unwrap(), "<a><a!>");
}
