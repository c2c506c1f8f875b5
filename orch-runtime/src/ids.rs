//! Ids that nobody chose: of runs, and of processes that share a store.
//!
//! The crate `uuid` would bring the system's random source along, which costs three times what it does
//! itself to compile; all that is needed of it is how an id is written.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use orch_core::run::RunId;

/// A new run's id: a UUID of version 7; those of one process ascend strictly.
///
/// RFC 9562, section 5.7: a millisecond, the twelve bits after the version as its fraction (section 6.2,
/// method 3), and random bits.
pub(crate) fn run() -> RunId {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let time = ascending(&LAST, now());
    let (millisecond, fraction) = (u128::from(time >> 12), u128::from(time & 0xfff));
    let random = u128::from(random() >> 2);
    let id = millisecond << 80 | 7 << 76 | fraction << 64 | 0b10 << 62 | random;
    RunId::new(as_text(&written(id)))
}

/// A word that nobody guesses.
#[cfg(any(test, feature = "sqlite"))]
pub(crate) fn secret() -> String {
    as_text(&written(u128::from(random()) << 64 | u128::from(random()))).to_owned()
}

/// The time since 1970 in 4096ths of a millisecond.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let nanos = since.map_or(0, |since| since.as_nanos());
    u64::try_from(nanos * 4096 / 1_000_000).unwrap_or(u64::MAX >> 4)
}

/// This time, or one after all that were given before: the clock may stand still, or go back.
fn ascending(last: &AtomicU64, now: u64) -> u64 {
    let next = |last: u64| now.max(last + 1);
    let before = last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
        Some(next(last))
    });
    before.map_or(now, next)
}

/// Bits that nobody guesses: the standard library draws the keys of its hashers from the system.
fn random() -> u64 {
    RandomState::new().hash_one(0)
}

/// Sixteen bytes as RFC 9562 writes them, in section 4.
fn written(mut id: u128) -> [u8; 36] {
    let mut text = [b'-'; 36];
    for place in (0..36).rev() {
        if !matches!(place, 8 | 13 | 18 | 23) {
            text[place] = b"0123456789abcdef"[(id & 0xf) as usize];
            id >>= 4;
        }
    }
    text
}

fn as_text(written: &[u8; 36]) -> &str {
    str::from_utf8(written).unwrap_or_else(|_| unreachable!("digits are ASCII"))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn an_id_says_when_it_was_given() {
        let bits = 0x01f4_c2a0_b1c3_7abc_8000_0000_0000_0001;
        assert_eq!(
            as_text(&written(bits)),
            "01f4c2a0-b1c3-7abc-8000-000000000001"
        );

        let before = now() >> 12;
        let id = run();
        let id = id.as_str();
        let millisecond = u64::from_str_radix(&id.replace('-', "")[..12], 16).unwrap();
        assert!((before..=now() >> 12).contains(&millisecond), "{id}");
        assert_eq!((id.len(), &id[14..15]), (36, "7"));
        assert!("89ab".contains(&id[19..20]), "{id}");
    }

    #[test]
    fn ids_ascend_and_differ() {
        let ids: Vec<_> = (0..1000).map(|_| run()).collect();
        assert!(ids.is_sorted_by(|one, next| one.as_str() < next.as_str()));
        let given = || (0..1000).map(|_| run().to_string()).collect::<Vec<_>>();
        let many: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(given)).collect();
            let joined = threads.into_iter().map(|thread| thread.join().unwrap());
            joined.flatten().collect()
        });
        let tails: HashSet<_> = many.iter().map(|id| &id[19..]).collect();
        assert_eq!(tails.len(), 8000, "random bits are not");
        assert_ne!(secret(), secret());
    }

    #[test]
    fn a_clock_that_goes_back_counts_on() {
        let last = AtomicU64::new(0);
        let given = [9, 9, 7, 12, 1].map(|now| ascending(&last, now));
        assert_eq!(given, [9, 10, 11, 12, 13]);
    }
}
