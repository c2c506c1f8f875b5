//! What may be asked of a benchmark on its command line.

use std::time::Duration;

use crate::harness::Effort;

const USAGE: &str = "\
--quick        a minute instead of several
--check        fail if a goal is missed by more than a third
--only WORD    only shapes whose name contains this
--peers        durable runs: beside other libraries too, which are built first";

/// The options.
#[derive(Debug, Default)]
pub struct Options {
    /// Less precise and quicker.
    pub quick: bool,
    /// Whether a missed goal is a failure.
    pub check: bool,
    /// Whether libraries that need a program of their own are measured too.
    pub peers: bool,
    only: Option<String>,
}

impl Options {
    /// Those of this process; `None` if something else was given, once it was said what may be.
    #[must_use]
    #[expect(clippy::print_stderr, reason = "it is for whoever runs a benchmark")]
    pub fn of_process() -> Option<Self> {
        let options = Self::of(std::env::args().skip(1));
        options.inspect_err(|usage| eprintln!("{usage}")).ok()
    }

    fn of(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--quick" => options.quick = true,
                "--check" => options.check = true,
                "--peers" => options.peers = true,
                "--only" => options.only = Some(args.next().ok_or(USAGE)?),
                "--bench" => {} // cargo says this to every benchmark
                _ => return Err(format!("unknown argument {arg}\n{USAGE}")),
            }
        }
        Ok(options)
    }

    /// How long to measure.
    #[must_use]
    pub fn effort(&self) -> Effort {
        if self.quick {
            Effort {
                rounds: 15,
                turn: Duration::from_millis(2),
            }
        } else {
            Effort {
                rounds: 41,
                turn: Duration::from_millis(8),
            }
        }
    }

    /// Whether this name is asked for.
    #[must_use]
    pub fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|word| name.contains(word))
    }
}
