use orch::prelude::*;

#[step]
fn keep(text: String) -> String {
    text
}

#[step]
fn width() -> usize {
    6
}

#[step]
fn number() -> f64 {
    2.5
}

workflow! {
    pub Flow(name: String) -> [String; 5] {
        wide = width();
        value = number();
        positional = keep(format!("{} {}", name, value));
        inline = keep(format!("{name} {value:.2}"));
        padded = keep(format!("{value:>wide$.1}"));
        named = keep(format!("{name}", name = value));
        escaped = keep(format!("{{name}}"));
        [positional, inline, padded, named, escaped]
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let texts = Flow::run("ada".to_owned()).await.unwrap();
    assert_eq!(texts, ["ada 2.5", "ada 2.50", "   2.5", "2.5", "{name}"]);
}
