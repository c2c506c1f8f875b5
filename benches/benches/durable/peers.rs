//! Other libraries, each a program of its own.
//!
//! They bind SQLite by other versions than Orch, of which one lock file and one binary take only one.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use turn::{Figure, Turn};

/// Another library's program.
pub(crate) struct Peer {
    pub(crate) title: &'static str,
    program: PathBuf,
    /// How many workflows a turn has, one at a time and many at a time: a few seconds' worth.
    pub(crate) workflows: [u64; 2],
}

impl Peer {
    /// Builds all of them, those that are built already in no time.
    pub(crate) fn all() -> Vec<Self> {
        [
            ("durare 0.5.0", "durare", [400, 1_000]),
            ("duroxide 0.1.32", "duroxide", [30, 128]),
            ("apalis-workflow 1.0.0", "apalis", [60, 192]),
        ]
        .map(|(title, package, workflows)| Self {
            title,
            program: build(package),
            workflows,
        })
        .into()
    }

    pub(crate) fn take(&self, turn: &Turn) -> Figure {
        let mut command = Command::new(&self.program);
        let out = command
            .args(turn.arguments())
            .env("RUST_LOG", "off") // duroxide logs to where the figure goes
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        let title = self.title;
        assert!(out.status.success(), "{title} failed: {}", out.status);
        String::from_utf8(out.stdout).unwrap().parse().unwrap()
    }
}

fn build(package: &str) -> PathBuf {
    let manifest =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("peers/{package}/Cargo.toml"));
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("peers");
    let status = Command::new(env!("CARGO"))
        .args([
            "build",
            "--quiet",
            "--release",
            "--locked",
            "--manifest-path",
        ])
        .arg(manifest)
        .arg("--target-dir")
        .arg(&target)
        .status()
        .unwrap();
    assert!(status.success(), "{package} cannot be built");
    target.join("release").join(format!("{package}-turn"))
}
