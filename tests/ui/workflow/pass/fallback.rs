use orch::prelude::*;

#[derive(Debug, thiserror::Error)]
pub enum Fetch {
    #[error("offline")]
    Offline,
    #[error("forbidden")]
    Forbidden,
}

#[step]
fn live(kind: u8) -> Result<String, Fetch> {
    match kind {
        0 => Ok("live".to_owned()),
        1 => Err(Fetch::Offline),
        _ => Err(Fetch::Forbidden),
    }
}

#[step]
fn stored(name: &str) -> Result<String, std::io::Error> {
    if name.is_empty() { Err(std::io::Error::other("no name")) } else { Ok(name.to_owned()) }
}

#[step]
fn guessed() -> String {
    "guessed".to_owned()
}

fn is_offline(error: &Fetch) -> bool {
    matches!(error, Fetch::Offline)
}

workflow! {
    pub Flow(kind: u8, name: String) -> String {
        live(kind).or_else(stored(&name)).or_else(guessed())
    }
}

workflow! {
    pub Chosen(kind: u8, name: String) -> String {
        text = live(kind).or_else(stored(&name), when = is_offline);
        text
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    for (kind, name, expected) in [(0, "", "live"), (1, "disk", "disk"), (1, "", "guessed")] {
        assert_eq!(Flow::run(kind, name.to_owned()).await.unwrap(), expected);
    }
    assert_eq!(Chosen::run(1, "disk".to_owned()).await.unwrap(), "disk");
    let error = Chosen::run(2, "disk".to_owned()).await.unwrap_err();
    assert!(error.to_string().contains("forbidden"), "{error}");
}
