//! What is wrong with the runs that are left, by what the steps did and what the store has of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use orch::Runs;
use orch::store::{EntryKind, History};

use crate::effects::{self, Line, What};
use crate::model::{Expected, expected, id, plan};
use crate::worker::REPORTS;

/// What is wrong, in words.
pub async fn of(
    directory: &Path,
    runs: &Runs,
    begun: usize,
    stopped: &BTreeSet<u32>,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut lines: BTreeMap<String, Vec<Line>> = BTreeMap::new();
    for (run, line) in effects::read(directory) {
        lines.entry(run).or_default().push(line);
    }
    let mut again = 0;
    for idx in 0..begun {
        let run = id(idx);
        let lines = lines.remove(&run).unwrap_or_default();
        let history = match runs.history(&run).await {
            Ok(history) => history,
            Err(error) => {
                wrong.push(format!("{run} was lost: {error}"));
                continue;
            }
        };
        let case = Case {
            expected: expected(idx),
            history,
            lines,
            stopped,
        };
        again += case.repeated();
        let name = format!("{run} of {:?}", plan(idx).kind);
        let found = case.wrong();
        wrong.extend(found.into_iter().map(|what| format!("{name}: {what}")));
    }
    wrong.extend(lines.keys().map(|run| format!("nobody started {run}")));
    let reports = std::fs::read_to_string(directory.join(REPORTS)).unwrap();
    let late = reports
        .lines()
        .filter(|line| line.contains("this writer is late"));
    let late = late.count();
    println!("{again} effects were had again, {late} late writers were refused");
    if again == 0 {
        wrong.push("nothing was under way when it was killed, so that nothing is shown".to_owned());
    }
    if stopped.len() > 2 && late == 0 {
        wrong.push("runs were taken by force, and nobody was told to be late".to_owned());
    }
    wrong
}

/// A run, with all that is known of it.
struct Case<'a> {
    expected: Expected,
    history: History,
    lines: Vec<Line>,
    /// Processes from which runs were taken by force: what they had begun to begin, nobody could keep them from.
    stopped: &'a BTreeSet<u32>,
}

impl Case<'_> {
    fn wrong(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        self.check_end(&mut wrong);
        self.check_sites(&mut wrong);
        self.check_keys(&mut wrong);
        self.check_recorded(&mut wrong);
        self.check_undone(&mut wrong);
        wrong
    }

    fn of(&self, what: What) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(move |line| line.what == what)
    }

    fn sites(&self, what: What) -> BTreeSet<&str> {
        self.of(what).map(|line| line.site.as_str()).collect()
    }

    /// How many effects were had more than once.
    fn repeated(&self) -> usize {
        self.of(What::Begin).count() - self.sites(What::Begin).len()
    }

    fn check_end(&self, wrong: &mut Vec<String>) {
        let run = &self.history.run;
        if run.status != self.expected.status {
            wrong.push(format!(
                "it is {:?} and not {:?}: {:?} {:?}",
                run.status, self.expected.status, run.error, run.reason
            ));
        }
        let output = self.expected.output.map(|output| output.to_string());
        if run.output != output {
            wrong.push(format!("it gave {:?} and not {output:?}", run.output));
        }
        if run.owner.is_some() {
            wrong.push("it has ended, and somebody holds it".to_owned());
        }
    }

    /// It had the effects that it was to have.
    fn check_sites(&self, wrong: &mut Vec<String>) {
        let expected: BTreeSet<&str> = self.expected.sites.iter().map(String::as_str).collect();
        let (begun, ended) = (self.sites(What::Begin), self.sites(What::End));
        for site in begun.difference(&expected) {
            wrong.push(format!("it was not to have an effect at `{site}`"));
        }
        if self.expected.undone.is_some() {
            for site in expected.difference(&ended) {
                wrong.push(format!("it never had its effect at `{site}`"));
            }
        }
        if expected.contains("cleanup") && !ended.contains("cleanup") {
            wrong.push("it did not clean up".to_owned());
        }
    }

    /// All effects of one place have one key, and no other place has it.
    fn check_keys(&self, wrong: &mut Vec<String>) {
        let mut key_of: BTreeMap<&str, &str> = BTreeMap::new();
        let mut site_of: BTreeMap<&str, &str> = BTreeMap::new();
        for line in self.of(What::Begin) {
            let (site, key) = (line.site.as_str(), line.key.as_str());
            let (first_key, first_site) = (
                *key_of.entry(site).or_insert(key),
                *site_of.entry(key).or_insert(site),
            );
            if first_key != key {
                wrong.push(format!("`{site}` has the keys {first_key} and {key}"));
            }
            if first_site != site {
                wrong.push(format!("`{first_site}` and `{site}` have the key {key}"));
            }
        }
    }

    /// Nothing was called after its result was recorded.
    fn check_recorded(&self, wrong: &mut Vec<String>) {
        let mut recorded: BTreeMap<String, i64> = BTreeMap::new();
        for entry in &self.history.entries {
            match (entry.kind, entry.node.rsplit_once('#')) {
                (EntryKind::Done | EntryKind::Failed, _) => {
                    recorded.insert(self.key(&entry.node), entry.at);
                }
                // The state of the next turn is the result of this one.
                (EntryKind::Turn, Some((node, turn))) => {
                    let before = turn.parse::<u32>().unwrap() - 1;
                    let turn = match before {
                        0 => self.key(node),
                        before => format!("{}#{before}", self.key(node)),
                    };
                    recorded.insert(turn, entry.at);
                }
                _ => {}
            }
        }
        for line in self.of(What::Begin) {
            // A node is recorded under its own key; what a run inside it did begins with that.
            let cuts = line.key.match_indices('/').map(|(cut, _)| &line.key[..cut]);
            let whole = cuts.chain([line.key.as_str()]);
            let at = whole.filter_map(|key| recorded.get(key)).min();
            if at.is_some_and(|at| line.at > *at) && !self.stopped.contains(&line.process) {
                wrong.push(format!(
                    "`{}` was called {} ms after its result was recorded",
                    line.site,
                    line.at - at.unwrap_or(&0)
                ));
            }
        }
    }

    fn key(&self, node: &str) -> String {
        format!("{}/{node}", self.history.run.id)
    }

    /// What was to be undone was, the last first, and nothing else.
    fn check_undone(&self, wrong: &mut Vec<String>) {
        let undone = self.sites(What::UndoEnd);
        let expected: BTreeSet<&str> = match &self.expected.undone {
            Some(undone) => undone.iter().map(String::as_str).collect(),
            // Whatever was booked, or may have been.
            None => {
                let begun = self.sites(What::Begin);
                begun
                    .into_iter()
                    .filter(|site| *site != "cleanup")
                    .collect()
            }
        };
        for site in expected.difference(&undone) {
            wrong.push(format!("`{site}` was not undone"));
        }
        // What was about to be called may be undone, though it was never called.
        let doubtful = self.expected.undone.is_none();
        for site in undone.difference(&expected).filter(|_| !doubtful) {
            wrong.push(format!("`{site}` was undone"));
        }
        let entries = |kind| {
            let entries = self.history.entries.iter();
            entries.filter(move |entry| entry.kind == kind)
        };
        if let Some(failed) = entries(EntryKind::UndoFailed).next() {
            wrong.push(format!(
                "undoing {} failed: {:?}",
                failed.node, failed.value
            ));
        }
        self.check_order(wrong);
        let mut at = BTreeMap::new();
        for entry in entries(EntryKind::Undone) {
            if at.insert(self.key(&entry.node), entry.at).is_some() {
                wrong.push(format!("{} was recorded as undone twice", entry.node));
            }
        }
        for line in self.of(What::UndoBegin) {
            let key = line.key.strip_suffix("~undo").unwrap_or(&line.key);
            if at.get(key).is_some_and(|at| line.at > *at) && !self.stopped.contains(&line.process)
            {
                wrong.push(format!(
                    "`{}` was undone again after that was recorded",
                    line.site
                ));
            }
        }
    }
    /// What was over before something else began is undone after it.
    fn check_order(&self, wrong: &mut Vec<String>) {
        let number = |kind, node: &str| {
            let mut entries = self.history.entries.iter();
            let found = entries.find(|entry| entry.kind == kind && entry.node == node);
            found.map(|entry| entry.seq)
        };
        let entries = self.history.entries.iter();
        let undone = entries.filter(|entry| entry.kind == EntryKind::Undone);
        // What was recorded as about to be called, and never was, may be undone at any time.
        let called: BTreeSet<&str> = self.of(What::Begin).map(|line| line.key.as_str()).collect();
        let undone: Vec<&str> = undone
            .map(|entry| entry.node.as_str())
            .filter(|node| called.contains(self.key(node).as_str()))
            .collect();
        for (idx, sooner) in undone.iter().enumerate() {
            let done = number(EntryKind::Done, sooner);
            for later in &undone[idx + 1..] {
                let begun = number(EntryKind::Started, later);
                if done.is_some_and(|done| begun.is_none_or(|begun| done < begun)) {
                    wrong.push(format!(
                        "{sooner} was over before {later} began, and was undone before it"
                    ));
                }
            }
        }
    }
}
