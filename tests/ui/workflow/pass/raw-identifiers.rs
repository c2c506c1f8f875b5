use orch::prelude::*;

#[step]
fn r#type(r#in: &str) -> String {
    format!("<{}>", r#in)
}

#[step]
fn join(r#fn: &str, r#match: &str) -> String {
    format!("{fn}{match}")
}

workflow! {
    pub Flow(r#in: String) -> String {
        r#struct = r#type(&r#in);
        #[node(after = [r#struct])]
        r#loop = r#type(&format!("{in}!"));
        both = join(&r#struct, &r#loop);
        format!("{both}{struct:>width$}", width = r#in.len() + 4)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run("a".to_owned()).await.unwrap(), "<a><a!>  <a>");
}
