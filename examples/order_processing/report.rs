//! What happened: to each order, at the service, and in the metrics.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use orch::{ErrorKind, RunEvent, RunEventKind};

use crate::service::Counts;

/// What happened in each run, in words, and how often attempts of each node timed out.
#[derive(Debug, Clone, Default)]
pub struct Stories(Arc<Mutex<Told>>);

#[derive(Debug, Default)]
struct Told {
    lines: BTreeMap<String, Vec<String>>,
    timeouts: BTreeMap<String, u32>,
}

impl Stories {
    /// Listens to a run's event.
    pub fn tell(&self, event: &RunEvent) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let line = match &event.kind {
            RunEventKind::AttemptFailed { error, retry_in } => {
                if error.kind() == ErrorKind::TimedOut {
                    *told
                        .timeouts
                        .entry(top(error.node()).to_owned())
                        .or_default() += 1;
                }
                let next = match retry_in {
                    Some(wait) => format!("again in {wait:.0?}"),
                    None => "not tried again".to_owned(),
                };
                format!(
                    "{}, attempt {}: {}; {next}",
                    error.node(),
                    error.attempt(),
                    error.message()
                )
            }
            RunEventKind::FellBack { node, .. } => format!("{node}: falls back"),
            _ => return,
        };
        told.lines
            .entry(event.run.to_string())
            .or_default()
            .push(line);
    }

    /// What happened in a run.
    pub fn of(&self, run: &str) -> Vec<String> {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.lines.get(run).cloned().unwrap_or_default()
    }

    fn timeouts(&self, node: &str) -> u32 {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.timeouts.get(node).copied().unwrap_or_default()
    }
}

/// The node of the workflow's own scope that a path leads into.
fn top(path: &str) -> &str {
    path.split('/').next().unwrap_or(path)
}

/// The sum of a metric's samples whose labels all hold, in Prometheus text.
///
/// A node's label holds for the nodes inside it as well.
pub fn sum(text: &str, metric: &str, node: &str) -> f64 {
    let samples = text.lines().filter_map(|line| {
        let (name, rest) = line.split_once('{')?;
        let (labels, value) = rest.split_once("} ")?;
        let path = labels.split("node=\"").nth(1)?.split('"').next()?;
        (name == metric && top(path) == node).then(|| value.parse::<f64>().ok())?
    });
    // The sum of no floats is a negative zero.
    samples.fold(0.0, |sum, value| sum + value)
}

/// Prometheus text without the samples that are zero, and without quantiles; each metric's samples in order.
pub fn brief(text: &str) -> String {
    let told = |line: &&str| !line.contains("quantile=") && !line.ends_with(" 0");
    let mut brief = String::new();
    for metric in text.split("\n\n") {
        let (comments, samples): (Vec<&str>, Vec<&str>) =
            metric.lines().partition(|line| line.starts_with('#'));
        let mut samples: Vec<&str> = samples.into_iter().filter(told).collect();
        if samples.is_empty() {
            continue;
        }
        samples.sort_unstable();
        for line in comments.into_iter().chain(samples) {
            brief.push_str(line);
            brief.push('\n');
        }
    }
    brief
}

/// The nodes each of whose attempts is one request, except where the fallback is at hand; with what undoes them, which
/// counts as theirs.
pub const NODES: [(&str, Option<&str>); 7] = [
    ("lock", None),
    ("rates", None),
    ("stock", Some("release-stock")),
    ("charge", Some("refund")),
    ("label", None),
    ("shipment", Some("call-back")),
    ("release-lock", None),
];

/// The service's count of requests beside the client's count of attempts, and whether they agree.
pub fn compared(
    counts: &BTreeMap<&'static str, Counts>,
    metrics: &str,
    stories: &Stories,
) -> (String, bool) {
    let mut table = format!(
        "{:12} | {:>8} {:>7} {:>7} {:>5} {:>7} {:>8} | {:>8} {:>7} {:>8} {:>9}\n",
        "node",
        "requests",
        "limited",
        "refused",
        "lost",
        "stalled",
        "replayed",
        "attempts",
        "retries",
        "timeouts",
        "fallbacks",
    );
    let mut agree = true;
    for (node, undo) in NODES {
        let of = |endpoint: &str| counts.get(endpoint).copied().unwrap_or_default();
        let service = undo.map_or_else(|| of(node), |undo| of(node) + of(undo));
        let of = |metric: &str| sum(metrics, metric, node);
        let fallbacks = of("orch_fallback_total");
        // The last known rates are in a table: an attempt to read it is no request.
        let local = if node == "rates" { fallbacks } else { 0.0 };
        let attempts = of("orch_attempts_total") - local;
        let Counts {
            requests,
            limited,
            refused,
            lost,
            stalled,
            replayed,
        } = service;
        let (retries, timeouts) = (of("orch_retries_total"), stories.timeouts(node));
        // An attempt that timed out although nothing stalled may not have arrived.
        let unseen = f64::from(timeouts.saturating_sub(stalled));
        let same = (f64::from(requests)..=f64::from(requests) + unseen).contains(&attempts);
        agree &= same;
        let mark = if same { "" } else { "  differs" };
        // Writing into a `String` cannot fail.
        let _ = writeln!(
            table,
            "{node:12} | {requests:>8} {limited:>7} {refused:>7} {lost:>5} {stalled:>7} {replayed:>8} \
             | {attempts:>8} {retries:>7} {timeouts:>8} {fallbacks:>9}{mark}",
        );
    }
    (table, agree)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# TYPE orch_attempts_total counter
orch_attempts_total{workflow=\"Checkout\",node=\"charge\",step=\"charge-card\"} 5
orch_attempts_total{workflow=\"Checkout\",node=\"label/courier-label\",step=\"courier-label\"} 2
orch_attempts_total{workflow=\"Checkout\",node=\"label/post-label\",step=\"post-label\"} 3
orch_retries_total{workflow=\"Checkout\",node=\"charge\",step=\"charge-card\"} 1
orch_runs_active{workflow=\"Checkout\"} 0
";

    #[test]
    fn samples_are_summed_by_node() {
        assert_eq!(sum(TEXT, "orch_attempts_total", "charge"), 5.0);
        assert_eq!(sum(TEXT, "orch_attempts_total", "label"), 5.0);
        assert_eq!(sum(TEXT, "orch_retries_total", "charge"), 1.0);
        assert_eq!(sum(TEXT, "orch_attempts_total", "stock"), 0.0);
    }

    #[test]
    fn what_says_nothing_is_left_out() {
        let text = "# TYPE b summary\nb{quantile=\"0.5\"} 3\nb_sum 3\nb_count 1\n\n# TYPE a counter\na 0\n\n";
        assert_eq!(brief(text), "# TYPE b summary\nb_count 1\nb_sum 3\n");
    }

    #[test]
    fn a_difference_is_noticed() {
        let of = |requests| {
            BTreeMap::from([(
                "charge",
                Counts {
                    requests,
                    ..Counts::default()
                },
            )])
        };
        let labels = |requests| {
            BTreeMap::from([(
                "label",
                Counts {
                    requests,
                    ..Counts::default()
                },
            )])
        };
        let only = |node: &str| {
            TEXT.lines()
                .filter(|line| line.contains(node))
                .collect::<Vec<_>>()
                .join("\n")
        };
        let agree = |counts, text: &str| compared(&counts, text, &Stories::default()).1;
        assert!(agree(of(5), &only("\"charge\"")));
        assert!(!agree(of(6), &only("\"charge\"")));
        assert!(agree(labels(5), &only("label/")));
    }
}
