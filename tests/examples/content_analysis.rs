use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::{run, text};

const EASY: &str =
    "# Bread\n\nYou need flour. Add salt and water. Mix it well and let it rest. Then bake it.\n";
const HARD: &str = "# Governance\n\nThe organizational implementation of interoperability requirements \
    necessitates a comprehensive documentation of responsibilities, which was subsequently approved by the administration \
    of every participating institution before any implementation could have been considered by it.\n";

fn documents() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("bread.md", EASY),
        ("governance.md", HARD),
        ("copy-of-bread.md", EASY),
    ] {
        fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

fn analyzed(path: &Path) -> Value {
    let json = fs::read_to_string(path.join("report.json")).unwrap();
    serde_json::from_str(&json).unwrap()
}

fn document<'a>(data: &'a Value, name: &str) -> &'a Value {
    let documents = data["documents"].as_array().unwrap();
    documents
        .iter()
        .find(|document| document["path"].as_str().unwrap().ends_with(name))
        .unwrap()
}

#[test]
fn documents_are_measured_and_compared() {
    let (dir, out) = (documents(), tempfile::tempdir().unwrap());
    let ran = run(
        "content_analysis",
        &[
            dir.path().to_str().unwrap(),
            "--out",
            out.path().to_str().unwrap(),
        ],
    );
    assert_eq!(ran.status.code(), Some(0), "{}", text(&ran.stderr));
    assert_eq!(text(&ran.stderr), "");
    let data = analyzed(out.path());
    let (easy, hard) = (
        document(&data, "/bread.md"),
        document(&data, "governance.md"),
    );
    assert_eq!(easy["title"], "Bread");
    assert_eq!(easy["readability"]["words"], 17);
    assert_eq!(easy["readability"]["sentences"], 4);
    let ease = |document: &Value| document["readability"]["ease"].as_f64().unwrap();
    assert!(
        ease(easy) > 90.0 && ease(hard) < 0.0,
        "{} {}",
        ease(easy),
        ease(hard)
    );
    assert!(
        hard["quality"]["score"].as_f64().unwrap() < easy["quality"]["score"].as_f64().unwrap()
    );
    let phrases = hard["topics"]["phrases"].as_array().unwrap();
    assert!(phrases.iter().any(|phrase| {
        phrase["text"]
            .as_str()
            .unwrap()
            .contains("interoperability")
    }));
    let page = fs::read_to_string(out.path().join("report.html")).unwrap();
    assert!(
        page.contains("<svg")
            && page.contains("Governance")
            && page.contains("prefers-color-scheme: dark")
    );
}

#[test]
fn equal_documents_are_measured_once() {
    let (dir, out) = (documents(), tempfile::tempdir().unwrap());
    let ran = run(
        "content_analysis",
        &[
            dir.path().to_str().unwrap(),
            "--out",
            out.path().to_str().unwrap(),
        ],
    );
    let data = analyzed(out.path());
    let cached = |name: &str| document(&data, name)["cached"].as_array().unwrap().len();
    // Which of the two is measured is a race; each measure is made for one of them.
    assert_eq!(cached("/bread.md") + cached("copy-of-bread.md"), 3);
    assert_eq!(cached("governance.md"), 0);
    assert_eq!(
        document(&data, "/bread.md")["readability"],
        document(&data, "copy-of-bread.md")["readability"]
    );
    assert!(
        text(&ran.stdout).contains("cached: the text of"),
        "{}",
        text(&ran.stdout)
    );
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_analyzed() {
    let (dir, out) = (documents(), tempfile::tempdir().unwrap());
    fs::write(dir.path().join("latin.md"), b"caf\xe9").unwrap();
    fs::write(dir.path().join("code.md"), "```rust\nfn main() {}\n```\n").unwrap();
    let missing = dir.path().join("missing.md");
    let ran = run(
        "content_analysis",
        &[
            dir.path().to_str().unwrap(),
            missing.to_str().unwrap(),
            "--out",
            out.path().to_str().unwrap(),
        ],
    );
    assert_eq!(ran.status.code(), Some(1));
    let data = analyzed(out.path());
    let page = fs::read_to_string(out.path().join("report.html")).unwrap();
    assert_eq!(data["documents"].as_array().unwrap().len(), 3);
    for (name, reason) in [
        ("latin.md", "not UTF-8: byte 3 begins no character"),
        ("code.md", "no prose in it"),
        ("missing.md", "no such file or directory"),
    ] {
        assert!(
            text(&ran.stderr).contains(&format!("{name}: {reason}\n")),
            "{}",
            text(&ran.stderr)
        );
        assert!(page.contains(reason), "{reason}");
    }
    assert_eq!(data["problems"].as_array().unwrap().len(), 3);
}

#[test]
fn nothing_readable_is_a_report_too() {
    let out = tempfile::tempdir().unwrap();
    let ran = run(
        "content_analysis",
        &[
            "/no/such/place",
            "--json",
            "--out",
            out.path().to_str().unwrap(),
        ],
    );
    assert_eq!(ran.status.code(), Some(1));
    let printed: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(printed, analyzed(out.path()));
    assert_eq!(
        printed["problems"][0]["reason"],
        "no such file or directory"
    );
}

#[test]
fn a_report_that_cannot_be_written_is_an_error() {
    let dir = documents();
    let file = dir.path().join("bread.md");
    let ran = run(
        "content_analysis",
        &[file.to_str().unwrap(), "--out", file.to_str().unwrap()],
    );
    assert_eq!(ran.status.code(), Some(1));
    for name in ["report.html", "report.json"] {
        let said = format!("error: cannot write {}: ", file.join(name).display());
        assert!(text(&ran.stderr).contains(&said), "{}", text(&ran.stderr));
    }
}

#[test]
fn wrong_arguments_and_help() {
    let wrong = run("content_analysis", &["--outt", "x"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        text(&wrong.stderr).contains("'--out'"),
        "{}",
        text(&wrong.stderr)
    );
    let help = run("content_analysis", &["--help"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(text(&help.stdout).contains("Files, and directories"));
}
