//! Several processes on one file, and what happens when one of them is killed.
//!
//! Another process is this test program again, told by its environment what to do.
//! It is talked to line by line; what it says begins with `@`, as the test harness prints lines of its own.

use std::collections::HashMap;
use std::env;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{self, Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use orch_core::run::{RunId, RunStatus};
use orch_runtime::store::{
    Applied, AtMost, Change, Crowded, Filter, Held, NewRun, OwnerId, Refused, RunKey, Sqlite,
    Store, Synchronous, Woken,
};

use crate::common::{
    apply, copy, end, hold, join, new, open, put, record, start, system, take_up, taken,
};
use crate::faults::temporary;

const ROLE: &str = "ORCH_STORE_TEST_ROLE";
const FILE: &str = "ORCH_STORE_TEST_FILE";

/// How long something may take that happens at once.
const AT_ONCE: Duration = Duration::from_secs(10);

/// Another process.
struct Other {
    child: Child,
    input: ChildStdin,
    said: Receiver<String>,
}

impl Other {
    fn spawn(role: &str, path: &Path) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "processes::other_process", "--nocapture"])
            .env(ROLE, role)
            .env(FILE, path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let (tell, said) = mpsc::channel();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // The harness does not end its line before the test does.
                if let Some((_, line)) = line.split_once('@')
                    && tell.send(line.to_owned()).is_err()
                {
                    return;
                }
            }
        });
        Self {
            input: child.stdin.take().unwrap(),
            child,
            said,
        }
    }

    /// What it says next.
    #[track_caller]
    fn hear(&self) -> String {
        self.said.recv_timeout(AT_ONCE).unwrap()
    }

    /// What it answers, whatever it is woken for meanwhile.
    #[track_caller]
    fn answer(&self) -> String {
        loop {
            let line = self.hear();
            if !line.starts_with("woken") {
                return line;
            }
        }
    }

    fn tell(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
    }

    fn signal(&self, signal: &str) {
        assert!(system("kill", &[signal, &self.child.id().to_string()]));
    }

    /// As `kill -9` does.
    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn say(line: impl std::fmt::Display) {
    println!("@{line}");
    io::stdout().flush().unwrap();
}

/// What the next line tells; the process ends with those who told it what to do.
fn told() -> String {
    let mut line = String::new();
    if io::stdin().read_line(&mut line).unwrap() == 0 {
        process::exit(0);
    }
    line.trim_end().to_owned()
}

/// Not a test but the other processes of those below.
#[test]
fn other_process() {
    let (Ok(role), Ok(file)) = (env::var(ROLE), env::var(FILE)) else {
        return;
    };
    let path = PathBuf::from(file);
    match role.as_str() {
        "holder" => holder(&path),
        "writer" => writer(&path),
        "worker" => worker(&path),
        "joiner" => joiner(&path),
        "starter" => starter(&path),
        other => panic!("{other}"),
    }
    process::exit(0);
}

/// Holds a run, says what it is woken for, and does what it is told.
fn holder(path: &Path) {
    let store = open(path).unwrap();
    let owner = store
        .join(Arc::new(|woken| say(format_args!("woken {woken:?}"))))
        .unwrap();
    let held = hold(&store, owner, "held");
    say(format_args!("{} {} {}", owner.0, held.run.0, held.fence));
    loop {
        match told().as_str() {
            "record" => say(format_args!(
                "{:?}",
                store.commit(&[record(held, 7, "1")]).unwrap()[0]
            )),
            "queue" => drop(apply(&store, start("queued", None))),
            "leave" => {
                store.leave(owner).unwrap();
                say("left");
            }
            "idle" => {
                // Whatever was begun is over by then.
                thread::sleep(Duration::from_millis(200));
                let before = ticks();
                thread::sleep(Duration::from_secs(2));
                say(ticks() - before);
            }
            other => panic!("{other}"),
        }
    }
}

/// Starts many runs of which two may be under way, and says how many were let through.
fn starter(path: &Path) {
    let store = open(path).unwrap();
    join(&store);
    say("ready");
    told();
    let process = process::id();
    let started = (0..50).filter(|n| apply(&store, one_of_two(&format!("{process}-{n}"))).is_ok());
    say(started.count());
}

fn one_of_two(id: &str) -> Change {
    let at_most = AtMost {
        runs: 2,
        then: Crowded::Refuse,
    };
    Change::Start(Box::new(NewRun {
        at_most: Some(at_most),
        ..new(id, None)
    }))
}

#[test]
fn processes_that_start_runs_at_once_exceed_no_limit() {
    for _ in 0..5 {
        let (_directory, path) = temporary();
        let store = open(&path).unwrap();
        join(&store);
        let mut others = [(); 3].map(|()| Other::spawn("starter", &path));
        for other in &others {
            assert_eq!(other.hear(), "ready");
        }
        for other in &mut others {
            other.tell("go");
        }
        let let_through = others
            .iter()
            .map(|other| other.hear().parse::<u32>().unwrap());
        assert_eq!(let_through.sum::<u32>(), 2);
        assert_eq!(store.list(&Filter::default()).unwrap().len(), 2);
    }
}

/// The processor time of this process, in hundredths of a second.
fn ticks() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

fn spawn_holder(path: &Path) -> (Other, OwnerId, Held) {
    let other = Other::spawn("holder", path);
    let line = other.hear();
    let numbers: Vec<i64> = line
        .split(' ')
        .map(|number| number.parse().unwrap())
        .collect();
    let held = Held {
        run: RunKey(numbers[1]),
        fence: numbers[2],
    };
    (other, OwnerId(numbers[0]), held)
}

/// A store that was joined, and what its owner is woken for.
fn joined(path: &Path) -> (Sqlite, OwnerId, Receiver<Woken>) {
    let store = open(path).unwrap();
    let (tell, woken): (Sender<Woken>, _) = mpsc::channel();
    let tell = Mutex::new(tell);
    let wake = move |why| tell.lock().unwrap().send(why).unwrap_or_default();
    let owner = store.join(Arc::new(wake)).unwrap();
    (store, owner, woken)
}

fn forget(woken: &Receiver<Woken>) {
    while woken.try_recv().is_ok() {}
}

#[test]
fn what_a_killed_process_held_is_released_to_one_that_waits() {
    let (directory, path) = temporary();
    let (store, owner, woken) = joined(&path);
    for round in 0..5 {
        let (mut other, dead, held) = spawn_holder(&path);
        assert!(taken(&apply(&store, take_up(owner, 9))).is_empty());
        // Those who wait were told that somebody joined, and watch it.
        forget(&woken);
        let killed = Instant::now();
        other.kill();
        assert_eq!(woken.recv_timeout(AT_ONCE), Ok(Woken::Ready));
        println!("round {round}: noticed after {:?}", killed.elapsed());
        let answer = apply(&store, take_up(owner, 9));
        let again = taken(&answer)[0];
        assert_eq!(again.run, held.run);
        assert!(again.fence > held.fence);
        assert!(matches!(
            apply(&store, record(held, 1, "late")),
            Err(Refused::Fenced { .. })
        ));
        assert_eq!(apply(&store, record(again, 1, "1")), Ok(Applied::Done));
        assert_eq!(apply(&store, end(again)), Ok(Applied::Done));
        assert_eq!(
            apply(&store, Change::Delete { run: again.run }),
            Ok(Applied::Done)
        );
        let lock = path.with_extension(format!("db-owner-{}", dead.0));
        let gone = Instant::now() + AT_ONCE;
        while lock.exists() && Instant::now() < gone {
            thread::yield_now();
        }
        assert!(!lock.exists());
    }
    assert_eq!(
        fs::read_dir(directory.path()).unwrap().count(),
        4,
        "the file, its two companions and one lock"
    );
}

#[test]
fn what_a_killed_process_held_is_released_to_whoever_joins_next() {
    let (_directory, path) = temporary();
    let (mut first, dead, held) = spawn_holder(&path);
    first.kill();
    let store = open(&path).unwrap();
    let run = store.find(&RunId::new("held")).unwrap().unwrap();
    assert_eq!((run.owner, run.status), (Some(dead), RunStatus::Running));
    let owner = join(&store);
    let answer = apply(&store, take_up(owner, 9));
    assert_eq!(taken(&answer)[0].run, held.run);
    assert!(owner > dead);
}

#[test]
fn nobody_who_is_slow_is_taken_for_dead_and_who_lost_a_run_is_late() {
    let (_directory, path) = temporary();
    let (store, owner, woken) = joined(&path);
    let (mut other, slow, held) = spawn_holder(&path);
    forget(&woken);
    other.signal("-STOP");
    assert!(woken.recv_timeout(Duration::from_millis(700)).is_err());
    assert!(taken(&apply(&store, take_up(owner, 9))).is_empty());
    let (late, second) = (open(&path).unwrap(), held.run);
    let joined = join(&late);
    assert_eq!(
        apply(
            &late,
            Change::TakeUpOne {
                owner: joined,
                run: second
            }
        ),
        Ok(Applied::TakenUp(Vec::new()))
    );
    // Until somebody says so.
    let released = Change::Release {
        owner: slow,
        now: 5_000,
    };
    assert_eq!(apply(&store, released), Ok(Applied::Done));
    let answer = apply(&store, take_up(owner, 9));
    let again = taken(&answer)[0];
    assert_eq!(apply(&store, record(again, 1, "1")), Ok(Applied::Done));
    other.tell("record");
    other.signal("-CONT");
    let answer = other.answer();
    assert!(answer.contains("Fenced"), "{answer}");
    assert_eq!(store.load(held.run).unwrap().unwrap().entries.len(), 1);
}

#[test]
fn processes_wake_each_other() {
    let (_directory, path) = temporary();
    let (store, owner, woken) = joined(&path);
    let (mut other, _, held) = spawn_holder(&path);
    let signal = |id: &str| Change::Signal {
        run: RunId::new(id),
        name: "go".into(),
        event: None,
        value: "1".into(),
        at: 1_000,
    };
    apply(&store, signal("held")).unwrap();
    assert_eq!(other.hear(), format!("woken {:?}", Woken::Signal(held.run)));
    apply(&store, start("ready", None)).unwrap();
    assert_eq!(other.hear(), "woken Ready");
    forget(&woken);
    other.tell("queue");
    assert_eq!(woken.recv_timeout(AT_ONCE), Ok(Woken::Ready));
    assert_eq!(other.hear(), "woken Ready");
    // Who only looks in and joins nothing wakes the holder as well.
    let visitor = open(&path).unwrap();
    apply(&visitor, signal("held")).unwrap();
    assert_eq!(other.hear(), format!("woken {:?}", Woken::Signal(held.run)));
    assert_eq!(taken(&apply(&store, take_up(owner, 9))).len(), 2);
    forget(&woken);
    other.tell("leave");
    assert_eq!(other.hear(), "left");
    assert_eq!(woken.recv_timeout(AT_ONCE), Ok(Woken::Ready));
    assert_eq!(taken(&apply(&store, take_up(owner, 9)))[0].run, held.run);
}

#[cfg(target_os = "linux")]
#[test]
fn an_idle_store_takes_no_processor_time() {
    let (_directory, path) = temporary();
    let (_store, _, _woken) = joined(&path);
    let (mut other, _, _) = spawn_holder(&path);
    other.tell("idle");
    let ticks: u64 = other.answer().parse().unwrap();
    assert!(ticks <= 1, "{ticks} hundredths of a second in two seconds");
}

#[test]
fn a_copied_file_belongs_to_nobody() {
    let (directory, path) = temporary();
    let store = open(&path).unwrap();
    let owner = join(&store);
    hold(&store, owner, "a");
    let copied = directory.path().join("copy.db");
    copy(&path, &copied);
    copy(
        &path.with_extension("db-wal"),
        &copied.with_extension("db-wal"),
    );
    let second = open(&copied).unwrap();
    let owner = join(&second);
    assert_eq!(taken(&apply(&second, take_up(owner, 9))).len(), 1);
    // The one that was copied goes on.
    assert!(
        store
            .find(&RunId::new("a"))
            .unwrap()
            .unwrap()
            .owner
            .is_some()
    );
}

/// Commits batches of two, one after the other, and says which were answered.
fn writer(path: &Path) {
    let store = Sqlite::options()
        .synchronous(Synchronous::Normal)
        .open_blocking(path)
        .unwrap();
    let owner = join(&store);
    let answer = apply(
        &store,
        Change::TakeUpOne {
            owner,
            run: RunKey(1),
        },
    );
    let held = taken(&answer)[0];
    let entries = store.load(held.run).unwrap().unwrap().entries;
    for seq in entries.len() as i64 + 1.. {
        let answers = store
            .commit(&[record(held, seq, "1"), put("last", &seq.to_string())])
            .unwrap();
        assert!(answers.iter().all(Result::is_ok));
        say(seq);
    }
}

#[test]
fn what_was_answered_before_a_kill_is_there_after_it() {
    let (_directory, path) = temporary();
    apply(&open(&path).unwrap(), start("a", None)).unwrap();
    let mut last = 0;
    for round in 0..20_u64 {
        let mut other = Other::spawn("writer", &path);
        let first: i64 = other.hear().parse().unwrap();
        assert!(first > last, "{first} was recorded twice");
        thread::sleep(Duration::from_micros(round * round * 97 % 20_000));
        other.kill();
        let answered = other.said.iter().last();
        let answered = answered.map_or(first, |last| last.parse().unwrap());
        let store = open(&path).unwrap();
        let entries = store.load(RunKey(1)).unwrap().unwrap().entries;
        let seqs: Vec<i64> = entries.iter().map(|entry| entry.seq).collect();
        last = seqs.len() as i64;
        assert_eq!(seqs, (1..=last).collect::<Vec<_>>());
        assert!(
            last == answered || last == answered + 1,
            "{last} after {answered}"
        );
        // Of a batch all is kept or nothing.
        assert_eq!(
            store.get("cache", "last", 0).unwrap(),
            Some(last.to_string())
        );
    }
    open(&path).unwrap().check().unwrap();
}

/// Takes runs up and ends them until there are none, and says which.
fn worker(path: &Path) {
    let store = open(path).unwrap();
    let owner = join(&store);
    loop {
        let answer = apply(&store, take_up(owner, 7));
        let held = taken(&answer);
        if held.is_empty() {
            say("done");
            return drop(store.leave(owner));
        }
        for held in held {
            let answers = store.commit(&[record(*held, 1, "1"), end(*held)]).unwrap();
            assert!(answers.iter().all(Result::is_ok));
            say(held.run.0);
        }
    }
}

#[test]
fn processes_share_the_runs_of_one_file() {
    const RUNS: usize = 400;
    let (_directory, path) = temporary();
    let store = open(&path).unwrap();
    let starts: Vec<Change> = (0..RUNS)
        .map(|run| start(&format!("run-{run}"), None))
        .collect();
    store.commit(&starts).unwrap();
    let others: Vec<Other> = (0..3).map(|_| Other::spawn("worker", &path)).collect();
    let mut ended: HashMap<String, usize> = HashMap::new();
    for (worker, other) in others.iter().enumerate() {
        loop {
            match other.hear() {
                line if line == "done" => break,
                run => assert_eq!(ended.insert(run, worker), None, "ended twice"),
            }
        }
    }
    assert_eq!(ended.len(), RUNS);
    let completed = Filter {
        statuses: vec![RunStatus::Completed],
        limit: RUNS + 1,
        ..Filter::default()
    };
    let runs = store.list(&completed).unwrap();
    // Taken up once each: started queued, taken, ended.
    assert!(runs.len() == RUNS && runs.iter().all(|run| run.fence == 2));
}

/// Joins and leaves, again and again.
fn joiner(path: &Path) {
    for _ in 0..20 {
        let store = open(path).unwrap();
        let owner = join(&store);
        let id = format!("of-{}", owner.0);
        let held = hold(&store, owner, &id);
        assert_eq!(
            apply(&store, record(held, 1, "1")),
            Ok(Applied::Done),
            "taken for dead"
        );
        if owner.0 % 3 == 0 {
            apply(&store, end(held)).unwrap();
        }
        if owner.0 % 2 == 0 {
            store.leave(owner).unwrap();
        }
        say(owner.0);
    }
}

#[test]
fn processes_join_and_leave_in_any_order() {
    let (directory, path) = temporary();
    let others: Vec<Other> = (0..4).map(|_| Other::spawn("joiner", &path)).collect();
    let mut owners: Vec<i64> = Vec::new();
    for other in &others {
        owners.extend((0..20).map(|_| other.hear().parse::<i64>().unwrap()));
    }
    owners.sort_unstable();
    assert_eq!(owners, (1..=80).collect::<Vec<_>>());
    drop(others);
    let store = open(&path).unwrap();
    let owner = join(&store);
    let rest = taken(&apply(&store, take_up(owner, 99))).len();
    assert_eq!(rest, 80 - 80 / 3, "what was not ended was released");
    let locks = fs::read_dir(directory.path()).unwrap();
    let locks = locks.filter(|file| {
        let name = file.as_ref().unwrap().file_name();
        name.to_string_lossy().contains("-owner-")
    });
    assert_eq!(locks.count(), 1);
}
