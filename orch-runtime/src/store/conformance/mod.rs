//! What every store has to do, as checks that any store can be put to.

mod batches;
mod forgetting;
mod keeping;
mod listing;
mod owners;
mod runs;
mod signals;
mod subject;
mod taking;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use self::subject::Subject;
use super::Store;

/// A check, by its name.
type Check = (&'static str, fn(&Subject));

/// The checks of one file, each named as its function is.
macro_rules! checks {
    ($($check:ident),* $(,)?) => {
        pub(super) const CHECKS: &[super::Check] = &[$((stringify!($check), $check)),*];
    };
}
use checks;

/// Puts stores to every check of what [`Store`] says, each time on a new and empty one.
///
/// ```
/// use orch_runtime::store::{Memory, conformance};
///
/// conformance(Memory::new);
/// ```
///
/// # Panics
/// If a check fails: once, after all checks were made, naming those that failed and what they found.
pub fn conformance<S: Store>(make: impl Fn() -> S) {
    let groups = [
        runs::CHECKS,
        batches::CHECKS,
        taking::CHECKS,
        signals::CHECKS,
        owners::CHECKS,
        forgetting::CHECKS,
        keeping::CHECKS,
        listing::CHECKS,
    ];
    let mut failed = Vec::new();
    for (name, check) in groups.into_iter().flatten() {
        let subject = Subject::new(Box::new(make()));
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| check(&subject))) {
            failed.push(format!("{name}: {}", said(&*panic)));
        }
    }
    assert!(
        failed.is_empty(),
        "{} checks of stores failed:\n{}",
        failed.len(),
        failed.join("\n")
    );
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("it panicked")
}
