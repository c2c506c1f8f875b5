//! What Orch costs to compile, beside tokio by hand and beside its peers.
//!
//! `cargo run -p orch-benches --bin compile-time -- [touch] [cold] [nodes]`; all three where none is named.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tables for whoever runs it"
)]

mod cargo;
mod programs;

use std::io;
use std::path::Path;

use orch_benches::harness::median;
use orch_benches::report::table;

use crate::cargo::{Cost, Crate};

/// How often each crate is changed and checked.
const TURNS: usize = 5;
/// How often each of the first [`COMPARED`] crates is built from nothing.
const COLD_TURNS: usize = 3;
/// What Orch is held against, and Orch with and without default features; the others are built once.
const COMPARED: usize = 3;

fn main() -> io::Result<()> {
    let asked: Vec<_> = std::env::args().skip(1).collect();
    let wants = |part: &str| asked.is_empty() || asked.iter().any(|word| word == part);
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()?;
    let room = workspace.join("target").join("compile-time");
    if wants("touch") {
        touch(&workspace, &room)?;
    }
    if wants("nodes") {
        nodes(&workspace, &room)?;
    }
    if wants("cold") {
        cold(&workspace, &room)?;
    }
    Ok(())
}

/// 100 steps and 10 workflows of 20 nodes: checking after a touch, and after an edit.
fn touch(workspace: &Path, room: &Path) -> io::Result<()> {
    let mut crates = Vec::new();
    for program in programs::all(workspace) {
        eprintln!("checking {} for the first time", program.title);
        let title = program.title;
        let written = Crate::write(program, workspace, room)?;
        match written.check() {
            Ok(_) => crates.push((title, written)),
            Err(error) => eprintln!("{title} cannot be built here: {error}"),
        }
    }
    let touched = checked(&crates, |written, _| written.touch())?;
    let edited = checked(&crates, Crate::edit)?;
    let forgotten = checked(&crates, |written, _| written.forget())?;
    for (change, costs) in [
        ("after a touch", touched),
        ("after an edit of one step's body", edited),
        (
            "for the first time, its dependencies being there",
            forgotten,
        ),
    ] {
        let by_hand = costs.get(1).map_or(f64::NAN, |cost| cost.busy);
        let rows: Vec<_> = crates
            .iter()
            .zip(&costs)
            .map(|((title, _), cost)| {
                vec![
                    (*title).to_owned(),
                    format!("{:.2}", cost.wall),
                    format!("{:.2}", cost.busy),
                    format!("{:.2}", cost.busy / by_hand),
                ]
            })
            .collect();
        println!(
            "100 steps, 10 workflows of 20 nodes: `cargo check` {change}, median of {TURNS}, seconds:\n"
        );
        println!("{}", table(&["", "wall", "CPU", "of by hand"], &rows));
    }
    Ok(())
}

/// One workflow of more and more nodes: checking after a touch, and for the first time.
fn nodes(workspace: &Path, room: &Path) -> io::Result<()> {
    let sizes: [u32; 5] = [1, 125, 250, 500, 1000];
    let mut crates = Vec::new();
    for size in sizes {
        let written = Crate::write(programs::long(workspace, size as usize), workspace, room)?;
        written.check()?;
        crates.push(("", written));
    }
    let touched = checked(&crates, |written, _| written.touch())?;
    let forgotten = checked(&crates, |written, _| written.forget())?;
    let per_node = |costs: &[Cost], idx: usize| match sizes[idx] {
        1 => "–".to_owned(),
        size => {
            let more = (costs[idx].busy - costs[0].busy) * 1000.0;
            format!("{:.2}", more / f64::from(size))
        }
    };
    let rows: Vec<_> = (0..sizes.len())
        .map(|idx| {
            vec![
                sizes[idx].to_string(),
                format!("{:.2}", touched[idx].busy),
                per_node(&touched, idx),
                format!("{:.2}", forgotten[idx].busy),
                per_node(&forgotten, idx),
            ]
        })
        .collect();
    println!(
        "One workflow, each node of which reads two: CPU time of `cargo check`, median of {TURNS}:\n"
    );
    let head = [
        "nodes",
        "after a touch, s",
        "ms per node",
        "for the first time, s",
        "ms per node",
    ];
    println!("{}", table(&head, &rows));
    Ok(())
}

/// Changes and checks the crates in turns; the medians.
fn checked(
    crates: &[(&str, Crate)],
    change: impl Fn(&Crate, usize) -> io::Result<()>,
) -> io::Result<Vec<Cost>> {
    let mut turns = vec![Vec::new(); crates.len()];
    for turn in 1..=TURNS {
        for ((_, written), turns) in crates.iter().zip(&mut turns) {
            change(written, turn)?;
            turns.push(written.check()?);
        }
    }
    Ok(medians(&turns))
}

/// The medians of what each crate took.
fn medians(turns: &[Vec<Cost>]) -> Vec<Cost> {
    let of = |costs: &[Cost], part: fn(&Cost) -> f64| median(costs.iter().map(part).collect());
    let medians = turns.iter().map(|costs| Cost {
        wall: of(costs, |cost| cost.wall),
        busy: of(costs, |cost| cost.busy),
    });
    medians.collect()
}

/// A crate that has nothing but dependencies, built from nothing.
fn cold(workspace: &Path, room: &Path) -> io::Result<()> {
    let bare = programs::orch_at(workspace, ", default-features = false");
    let durable = programs::orch_at(workspace, ", features = [\"sqlite\"]");
    let crates = [
        programs::empty(
            "tokio, serde with derive",
            "cold-tokio",
            programs::tokio_and_serde(),
        ),
        programs::empty("Orch", "cold-orch", programs::orch_at(workspace, "")),
        programs::empty("Orch without default features", "cold-bare", bare),
        programs::empty("Orch with `sqlite`", "cold-durable", durable),
        programs::empty("dagx 0.3.1", "cold-dagx", programs::DAGX.to_owned()),
        programs::empty("sayiir 1.0.0", "cold-sayiir", programs::SAYIIR.to_owned()),
        programs::empty(
            "cloacina 0.11.1 with its `sqlite`",
            "cold-cloacina",
            programs::CLOACINA.to_owned(),
        ),
    ];
    let mut built = Vec::new();
    for program in crates {
        let title = program.title;
        built.push((title, Crate::write(program, workspace, room)?));
    }
    let mut turns = vec![Vec::new(); built.len()];
    for turn in 1..=COLD_TURNS {
        for (idx, ((title, written), turns)) in built.iter().zip(&mut turns).enumerate() {
            if turn > 1 && idx >= COMPARED {
                break;
            }
            eprintln!("building {title} from nothing");
            turns.push(written.build_from_nothing()?);
        }
    }
    let costs = medians(&turns);
    let first = costs.first().map_or(f64::NAN, |cost| cost.busy);
    let mut rows = Vec::new();
    for ((title, written), cost) in built.iter().zip(costs) {
        rows.push(vec![
            (*title).to_owned(),
            written.dependencies()?.to_string(),
            format!("{:.1}", cost.wall),
            format!("{:.1}", cost.busy),
            format!("{:.2}", cost.busy / first),
        ]);
    }
    println!(
        "Building from nothing, debug, seconds; medians of {COLD_TURNS} turns for the first {COMPARED}:\n"
    );
    let head = ["", "crates", "wall", "CPU", "of the first"];
    println!("{}", table(&head, &rows));
    Ok(())
}
