//! What each policy costs a node that does not need it.
#![expect(clippy::print_stdout, reason = "tables for whoever runs it")]

use std::process::ExitCode;

use orch_benches::cases;
use orch_benches::harness::Flavor;
use orch_benches::options::Options;
use orch_benches::report::table;

fn main() -> ExitCode {
    let Some(options) = Options::of_process() else {
        return ExitCode::from(2);
    };
    let measured = cases::policies().measure(Flavor::TwoWorkers, options.effort());
    let without = measured[0].run;
    let rows: Vec<_> = measured
        .iter()
        .map(|one| {
            vec![
                one.name.to_owned(),
                format!("{:.0}", one.run),
                format!("{:+.0}", one.run - without),
            ]
        })
        .collect();
    println!("A chain of 100, started on one orchestrator, 2 workers, median:\n");
    println!("{}", table(&["policy", "ns per node", "more"], &rows));
    ExitCode::SUCCESS
}
