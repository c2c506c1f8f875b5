//! A recorder of metrics that keeps each thing that is written, and counts how often a handle is asked for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};

/// What was written to one metric, once.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    pub name: String,
    pub kind: &'static str,
    pub labels: BTreeMap<String, String>,
    pub value: f64,
}

#[derive(Debug, Default)]
struct Kept {
    registered: usize,
    written: Vec<Written>,
}

/// Keeps what is written; clones keep into the same place.
#[derive(Debug, Clone, Default)]
pub struct Ledger(Arc<Mutex<Kept>>);

impl Ledger {
    /// Runs a test on paused time with this as the recorder.
    pub fn records<T>(&self, test: impl Future<Output = T>) -> T {
        metrics::with_local_recorder(self, || orch::testing::paused(test).unwrap())
    }

    /// What was written, in order.
    pub fn written(&self) -> Vec<Written> {
        self.0.lock().unwrap().written.clone()
    }

    /// How many handles were asked for.
    pub fn registered(&self) -> usize {
        self.0.lock().unwrap().registered
    }

    /// The sum of what was written to a metric under at least these labels.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let fits = |written: &&Written| {
            let has = |(label, value): &(&str, &str)| {
                written.labels.get(*label).is_some_and(|own| own == value)
            };
            written.name == name && labels.iter().all(has)
        };
        self.written()
            .iter()
            .filter(fits)
            .map(|written| written.value)
            .sum()
    }

    fn handle(&self, key: &Key, kind: &'static str) -> Arc<Handle> {
        self.0.lock().unwrap().registered += 1;
        let pair = |label: &metrics::Label| (label.key().to_owned(), label.value().to_owned());
        Arc::new(Handle {
            ledger: self.clone(),
            name: key.name().to_owned(),
            kind,
            labels: key.labels().map(pair).collect(),
        })
    }
}

impl Recorder for Ledger {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.handle(key, "counter"))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.handle(key, "gauge"))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.handle(key, "histogram"))
    }
}

struct Handle {
    ledger: Ledger,
    name: String,
    kind: &'static str,
    labels: BTreeMap<String, String>,
}

impl Handle {
    fn write(&self, value: f64) {
        self.ledger.0.lock().unwrap().written.push(Written {
            name: self.name.clone(),
            kind: self.kind,
            labels: self.labels.clone(),
            value,
        });
    }
}

impl CounterFn for Handle {
    fn increment(&self, value: u64) {
        self.write(value as f64);
    }

    fn absolute(&self, value: u64) {
        self.write(value as f64);
    }
}

impl GaugeFn for Handle {
    fn increment(&self, value: f64) {
        self.write(value);
    }

    fn decrement(&self, value: f64) {
        self.write(-value);
    }

    fn set(&self, value: f64) {
        self.write(value);
    }
}

impl HistogramFn for Handle {
    fn record(&self, value: f64) {
        self.write(value);
    }
}
