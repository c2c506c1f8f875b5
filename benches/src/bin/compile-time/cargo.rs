//! Crates that are written, built and timed.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Instant, SystemTime};

use crate::programs::Program;

/// What a command took, in seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// From start to end, which other work on the machine makes longer.
    pub(crate) wall: f64,
    /// CPU time of it and its children, which is what is compared.
    pub(crate) busy: f64,
}

/// A crate on disk, with a workspace and a target directory of its own.
pub(crate) struct Crate {
    path: PathBuf,
    source: String,
}

impl Crate {
    /// Writes it, with the versions of this repository's `Cargo.lock` where it names them.
    pub(crate) fn write(program: Program, workspace: &Path, room: &Path) -> io::Result<Self> {
        let Program {
            name,
            dependencies,
            source,
            ..
        } = program;
        let path = room.join(&name);
        fs::create_dir_all(path.join("src"))?;
        fs::copy(workspace.join("Cargo.lock"), path.join("Cargo.lock"))?;
        fs::write(
            path.join("Cargo.toml"),
            format!(
                "[package]\nname = {name:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}\n[workspace]\n"
            ),
        )?;
        fs::write(path.join("src/main.rs"), &source)?;
        Ok(Self { path, source })
    }

    /// Where cargo puts what it builds of it.
    pub(crate) fn target(&self) -> PathBuf {
        self.path.join("target")
    }

    /// Makes cargo see a change in it.
    pub(crate) fn touch(&self) -> io::Result<()> {
        File::options()
            .append(true)
            .open(self.path.join("src/main.rs"))?
            .set_modified(SystemTime::now())
    }

    /// Makes cargo see a change in it, and the compiler forget what it knew of it.
    pub(crate) fn forget(&self) -> io::Result<()> {
        fs::remove_dir_all(self.target().join("debug/incremental"))?;
        self.touch()
    }

    /// Changes the body of one step.
    pub(crate) fn edit(&self, turn: usize) -> io::Result<()> {
        let edited =
            self.source
                .replacen("wrapping_mul(7)", &format!("wrapping_mul({turn}007)"), 1);
        fs::write(self.path.join("src/main.rs"), edited)
    }

    /// Runs `cargo check`.
    pub(crate) fn check(&self) -> io::Result<Cost> {
        self.measured(&["check", "--quiet"])
    }

    /// Runs `cargo build` where nothing is built yet, as if all it depends on came from a registry, which is never
    /// compiled incrementally.
    pub(crate) fn build_from_nothing(&self) -> io::Result<Cost> {
        if self.target().exists() {
            fs::remove_dir_all(self.target())?;
        }
        self.measured(&["build", "--quiet", "--config=build.incremental=false"])
    }

    fn measured(&self, arguments: &[&str]) -> io::Result<Cost> {
        let busy = busy_of_children()?;
        let start = Instant::now();
        self.cargo(arguments)?;
        Ok(Cost {
            wall: start.elapsed().as_secs_f64(),
            busy: busy_of_children()? - busy,
        })
    }

    /// How many crates it depends on, whether they are linked or only run while it is built.
    pub(crate) fn dependencies(&self) -> io::Result<usize> {
        let tree = self.cargo(&[
            "tree",
            "--edges=normal,build",
            "--prefix=none",
            "--no-dedupe",
        ])?;
        let crates: BTreeSet<_> = tree
            .lines()
            .skip(1)
            .map(|line| line.split(' ').take(2).collect::<Vec<_>>())
            .collect();
        Ok(crates.len())
    }

    fn cargo(&self, arguments: &[&str]) -> io::Result<String> {
        let out = Command::new(env!("CARGO"))
            .args(arguments)
            .current_dir(&self.path)
            .env("CARGO_TARGET_DIR", self.target())
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_INCREMENTAL")
            .output()?;
        if out.status.success() {
            return Ok(String::from_utf8_lossy(&out.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&out.stderr);
        let from = said.find("error").unwrap_or_default();
        let said: String = said[from..].chars().take(600).collect();
        Err(io::Error::other(said))
    }
}

/// The CPU time of all children that have ended, in seconds, as Linux counts it in hundredths.
fn busy_of_children() -> io::Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks: u64 = after_name
        .split(' ')
        .skip(13)
        .take(2)
        .filter_map(|ticks| ticks.parse::<u64>().ok())
        .sum();
    Ok(ticks as f64 / 100.0)
}
