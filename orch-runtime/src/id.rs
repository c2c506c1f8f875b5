//! Ids that nothing else has: of runs that were not given one, and of whatever else needs one.

use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, SystemTime};

use orch_core::run::RunId;

/// An id for a run.
pub(crate) fn run_id() -> RunId {
    RunId::new(fresh())
}

/// A UUID that sorts after those that were made earlier.
pub(crate) fn fresh() -> String {
    // A clock before 1970 costs the order and nothing else.
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    // The standard library seeds its hashers from the operating system, each thread's anew and each hasher apart.
    let random = RandomState::new().hash_one(now);
    uuid(now, random)
}

/// A UUID of version 7 (RFC 9562): milliseconds, their fraction in 12 bits, and 62 random ones.
fn uuid(since_1970: Duration, random: u64) -> String {
    let millis = since_1970.as_millis() & 0xffff_ffff_ffff;
    let fraction = u64::from(since_1970.subsec_nanos() % 1_000_000) * 4096 / 1_000_000;
    format!(
        "{:08x}-{:04x}-7{fraction:03x}-{:04x}-{:012x}",
        millis >> 16,
        millis & 0xffff,
        random >> 48 & 0x3fff | 0x8000,
        random & 0xffff_ffff_ffff,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc() {
        let time = Duration::from_millis(0x017f_22e2_79b0) + Duration::from_nanos(797_608);
        assert_eq!(
            uuid(time, 0x98c4_dc0c_0c07_398f),
            "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
        );
    }

    #[test]
    fn later_ids_sort_after_earlier_ones() {
        let at = |nanos| uuid(Duration::from_nanos(nanos), !nanos);
        let times = [
            0,
            999_755,
            1_000_000,
            65_535_000_000,
            65_536_000_000,
            1 << 60,
        ];
        let ids = times.map(at);
        assert!(ids.is_sorted(), "{ids:?}");
    }

    #[test]
    fn ids_made_at_once_differ() {
        let ids: std::collections::HashSet<RunId> = (0..1000).map(|_| run_id()).collect();
        assert_eq!(ids.len(), 1000);
    }
}
