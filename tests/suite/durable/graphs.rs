//! Graphs that change under their version are found by a test, before anything is deployed.

use std::path::{Path, PathBuf};
use std::process::Command;

use orch::prelude::*;
use orch::testing::graph_unchanged;

#[step]
fn work(n: u32) -> u32 {
    n + 1
}

workflow! {
    #[workflow(version = "1", durable)]
    pub Inner(n: u32) -> u32 { work(n) }
}

mod old {
    use super::*;
    workflow! {
        #[workflow(version = "1", durable)]
        pub Job(n: u32) -> u32 { a = work(n); work(a) }
    }
}

/// The same graph: policies and documentation are no part of it.
mod told_otherwise {
    use super::*;
    workflow! {
        /// Works twice.
        #[workflow(version = "1", durable, deadline = "1h")]
        pub Job(n: u32) -> u32 {
            #[node(retries = 3)]
            a = work(n);
            work(a)
        }
    }
}

mod changed {
    use super::*;
    workflow! {
        #[workflow(version = "1", durable)]
        pub Job(n: u32) -> u32 { a = work(n); b = work(a); work(b) }
    }
}

mod raised {
    use super::*;
    workflow! {
        #[workflow(version = "2", durable)]
        pub Job(n: u32) -> u32 { a = work(n); b = work(a); work(b) }
    }
}

mod around {
    use super::*;
    workflow! {
        #[workflow(version = "1", durable)]
        pub Outer(n: u32) -> u32 { inner = Inner::run(n); inner }
    }
}

mod around_another {
    use super::*;
    workflow! { pub Inner(n: u32) -> u32 { a = work(n); work(a) } }
    workflow! {
        #[workflow(version = "1", durable)]
        pub Outer(n: u32) -> u32 { inner = Inner::run(n); inner }
    }
}

workflow! { pub Unversioned(n: u32) -> u32 { work(n) } }

/// Where the tests in another process find their file.
const FILE: &str = "ORCH_TEST_GRAPHS";

fn file() -> PathBuf {
    std::env::var_os(FILE)
        .expect("another test says where")
        .into()
}

#[test]
#[ignore = "run by the others, under variables of their choice"]
fn child_old() {
    graph_unchanged(old::Job, file()).unwrap();
}

#[test]
#[ignore = "run by the others, under variables of their choice"]
fn child_told_otherwise() {
    graph_unchanged(told_otherwise::Job, file()).unwrap();
}

#[test]
#[ignore = "run by the others, under variables of their choice"]
fn child_changed() {
    graph_unchanged(changed::Job, file()).unwrap();
}

#[test]
#[ignore = "run by the others, under variables of their choice"]
fn child_raised() {
    graph_unchanged(raised::Job, file()).unwrap();
}

#[test]
#[ignore = "run by the others, under variables of their choice"]
fn child_around() {
    graph_unchanged(around::Outer, file()).unwrap();
}

#[test]
#[ignore = "run by the others, under variables of their choice"]
fn child_around_another() {
    graph_unchanged(around_another::Outer, file()).unwrap();
}

#[test]
#[ignore = "run by the others, under variables of their choice"]
fn child_unversioned() {
    graph_unchanged(Unversioned, file()).unwrap();
}

/// Runs one of the tests above in a process of its own; gives what it wrote where it failed.
fn child(name: &str, file: &Path, variable: Option<&str>) -> Result<(), String> {
    let mut test = Command::new(std::env::current_exe().unwrap());
    let path = format!("durable::graphs::child_{name}");
    test.args(["--exact", &path, "--ignored", "--nocapture"]);
    test.env(FILE, file)
        .env_remove("CI")
        .env_remove("UPDATE_GRAPHS");
    if let Some(variable) = variable {
        test.env(variable, "1");
    }
    let ran = test.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let told = text(&ran.stdout) + &text(&ran.stderr);
    assert!(told.contains("running 1 test"), "{told}");
    if ran.status.success() {
        Ok(())
    } else {
        Err(told)
    }
}

#[test]
fn a_graph_that_changed_without_its_version_fails_with_the_difference_and_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("graphs/job.json");
    child("old", &file, None).unwrap();
    let kept = std::fs::read_to_string(&file).unwrap();
    assert!(kept.contains("\" node 4:work call all_success\""), "{kept}");

    child("old", &file, None).unwrap();
    child("told_otherwise", &file, Some("CI")).unwrap();
    let told = child("changed", &file, None).unwrap_err();
    for part in [
        "the graph of workflow `Job` has changed under the version `1`:\n",
        "\n+  node 1:b call all_success\n",
        "\nraise the version, and say `compatible_with = [\"1\"]`",
        "`UPDATE_GRAPHS=1` writes the graph to ",
    ] {
        assert!(told.contains(part), "{part:?} is not in {told}");
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), kept);
}

#[test]
fn a_version_that_is_new_is_added_and_the_old_one_stays() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("job.json");
    child("old", &file, None).unwrap();
    let told = child("raised", &file, Some("CI")).unwrap_err();
    assert!(
        told.contains("has no graph of workflow `Job` in version `2`"),
        "{told}"
    );
    child("raised", &file, None).unwrap();
    child("raised", &file, Some("CI")).unwrap();
    child("old", &file, Some("CI")).unwrap();
}

#[test]
fn a_graph_is_written_over_only_where_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("job.json");
    child("old", &file, None).unwrap();
    child("changed", &file, Some("UPDATE_GRAPHS")).unwrap();
    child("changed", &file, Some("CI")).unwrap();
    child("old", &file, None).unwrap_err();
}

#[test]
fn a_workflow_inside_counts_as_part_of_the_graph() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("outer.json");
    child("around", &file, None).unwrap();
    let told = child("around_another", &file, None).unwrap_err();
    assert!(
        told.contains("the graph of workflow `Outer` has changed under the version `1`"),
        "{told}"
    );
    assert!(told.contains("+  node 1:a call all_success"), "{told}");
}

#[test]
fn what_cannot_be_compared_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("job.json");
    let told = child("unversioned", &file, None).unwrap_err();
    assert!(told.contains("has no version"), "{told}");
    std::fs::write(&file, "{").unwrap();
    let told = child("old", &file, None).unwrap_err();
    assert!(told.contains("is no file of graphs"), "{told}");
}
