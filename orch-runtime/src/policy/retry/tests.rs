use std::cell::Cell;
use std::time::Duration;

use orch_core::policy::{Backoff, Jitter, Policies, Retry};
use proptest::prelude::*;
use tokio::time::Instant;

use super::{Attempts, Random, delay, run};

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

const EXACT: Backoff = Backoff {
    jitter: Jitter::None,
    ..Backoff::DEFAULT
};

fn schedule(backoff: &Backoff, attempts: u32) -> Vec<Duration> {
    let mut random = Random::seeded(0);
    (1..=attempts)
        .map(|attempt| delay(backoff, attempt, &mut random))
        .collect()
}

#[test]
fn waits_double_up_to_the_cap() {
    let expected = [
        200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000,
    ];
    assert_eq!(schedule(&EXACT, 10), expected.map(ms));
}

#[test]
fn waits_follow_an_odd_factor_exactly() {
    let backoff = Backoff {
        initial: ms(100),
        factor: 1.5,
        ..EXACT
    };
    let expected = [100_000, 150_000, 225_000, 337_500, 506_250].map(Duration::from_micros);
    assert_eq!(schedule(&backoff, 5), expected);
}

#[test]
fn a_factor_of_one_or_less_or_no_number_keeps_the_wait() {
    for factor in [1.0, 0.5, 0.0, -2.0, f64::NAN, f64::NEG_INFINITY] {
        let backoff = Backoff { factor, ..EXACT };
        assert_eq!(schedule(&backoff, 3), [ms(200); 3], "factor {factor}");
    }
}

#[test]
fn an_initial_wait_above_the_cap_is_capped() {
    let backoff = Backoff {
        initial: ms(5000),
        max: ms(1000),
        ..EXACT
    };
    assert_eq!(schedule(&backoff, 2), [ms(1000); 2]);
}

#[test]
fn no_wait_stays_none() {
    let backoff = Backoff {
        initial: Duration::ZERO,
        factor: f64::INFINITY,
        jitter: Jitter::Full,
        ..EXACT
    };
    assert_eq!(schedule(&backoff, 3), [Duration::ZERO; 3]);
}

#[test]
fn nothing_overflows() {
    for jitter in [Jitter::None, Jitter::Full, Jitter::Equal] {
        let endless = Backoff {
            initial: Duration::MAX,
            max: Duration::MAX,
            factor: f64::MAX,
            jitter,
        };
        let mut random = Random::seeded(3);
        for attempt in [0, 1, 2, 10_000, u32::MAX] {
            assert!(delay(&Backoff { jitter, ..EXACT }, attempt, &mut random) <= EXACT.max);
            delay(&endless, attempt, &mut random);
        }
    }
}

#[test]
fn jitter_is_the_same_for_the_same_seed_and_differs_for_another() {
    let waits = |seed| {
        let mut random = Random::seeded(seed);
        [1, 2, 3].map(|attempt| delay(&Backoff::DEFAULT, attempt, &mut random))
    };
    assert_eq!(waits(7), waits(7));
    assert_ne!(waits(7), waits(8));
}

#[test]
fn jitter_covers_its_whole_range() {
    let mut random = Random::seeded(1);
    let mut spread = |jitter| {
        let backoff = Backoff { jitter, ..EXACT };
        let waits: Vec<_> = (0..2000).map(|_| delay(&backoff, 1, &mut random)).collect();
        (*waits.iter().min().unwrap(), *waits.iter().max().unwrap())
    };
    let (least, most) = spread(Jitter::Full);
    assert!(least < ms(2) && most > ms(198) && most <= ms(200));
    let (least, most) = spread(Jitter::Equal);
    assert!(least >= ms(100) && least < ms(101) && most > ms(199) && most <= ms(200));
}

proptest! {
    #[test]
    fn jitter_stays_within_its_bounds(
        initial in 0u64..100_000, max in 1u64..1_000_000, factor in 1.0f64..10.0,
        attempt in 1u32..100, seed: u64,
    ) {
        let backoff = Backoff { initial: ms(initial), max: ms(max), factor, jitter: Jitter::None };
        let mut random = Random::seeded(seed);
        let whole = delay(&backoff, attempt, &mut random);
        prop_assert!(whole <= backoff.max);
        let full = delay(&Backoff { jitter: Jitter::Full, ..backoff }, attempt, &mut random);
        prop_assert!(full <= whole);
        let equal = delay(&Backoff { jitter: Jitter::Equal, ..backoff }, attempt, &mut random);
        prop_assert!(whole / 2 <= equal && equal <= whole);
    }
}

#[test]
fn chance_is_split_mix_64() {
    // The reference implementation's first numbers for this seed (Sebastiano Vigna, splitmix64.c).
    let mut random = Random::seeded(1_234_567);
    let expected = [
        6_457_827_717_110_365_317,
        3_203_168_211_198_807_973,
        9_817_491_932_198_370_423,
    ];
    assert_eq!([0; 3].map(|_: u8| random.next_u64()), expected);
}

#[test]
fn unseeded_and_split_generators_differ() {
    assert_ne!(Random::unseeded().next_u64(), Random::unseeded().next_u64());
    let mut random = Random::seeded(1);
    let mut first = random.split();
    assert_ne!(first.next_u64(), random.split().next_u64());
}

#[test]
fn policies_that_say_nothing_ask_for_one_attempt() {
    let attempts = Attempts::of(&Policies::NONE);
    assert_eq!(attempts.next(1, Retry::Yes, &mut Random::seeded(0)), None);
    let asked = Policies {
        retries: Some(2),
        backoff: Some(EXACT),
        ..Policies::NONE
    };
    let expected = Attempts {
        retries: 2,
        backoff: EXACT,
    };
    assert_eq!(Attempts::of(&asked), expected);
}

#[test]
fn the_verdict_decides_within_the_retries() {
    let attempts = Attempts {
        retries: 2,
        backoff: EXACT,
    };
    let mut random = Random::seeded(0);
    let hour = Retry::After(Duration::from_secs(3600));
    let mut next = |failed, verdict| attempts.next(failed, verdict, &mut random);
    assert_eq!(next(1, Retry::Yes), Some(ms(200)));
    assert_eq!(next(2, Retry::Yes), Some(ms(400)));
    assert_eq!(next(3, Retry::Yes), None);
    assert_eq!(next(1, Retry::No), None);
    assert_eq!(next(2, hour), Some(Duration::from_secs(3600)));
    assert_eq!(next(3, hour), None);
}

async fn failing(retries: u32, verdict: Retry) -> (Vec<u128>, u32, u128) {
    let began = Instant::now();
    let attempts = Attempts {
        retries,
        backoff: EXACT,
    };
    let mut starts = Vec::new();
    let error = run(
        attempts,
        &mut Random::seeded(0),
        |_| verdict,
        |attempt| {
            starts.push(began.elapsed().as_millis());
            async move { Err::<(), _>(attempt) }
        },
    )
    .await
    .unwrap_err();
    (starts, error, began.elapsed().as_millis())
}

#[tokio::test(start_paused = true)]
async fn attempts_start_on_schedule_and_nothing_waits_after_the_last() {
    let (starts, error, ended) = failing(3, Retry::Yes).await;
    assert_eq!(starts, [0, 200, 600, 1400]);
    assert_eq!(error, 4, "the last attempt's own error");
    assert_eq!(ended, 1400);
}

#[tokio::test(start_paused = true)]
async fn a_server_may_ask_for_its_own_wait() {
    let (starts, _, _) = failing(1, Retry::After(Duration::from_secs(60))).await;
    assert_eq!(starts, [0, 60_000]);
}

#[tokio::test(start_paused = true)]
async fn no_ends_it_at_once() {
    assert_eq!(failing(5, Retry::No).await, (vec![0], 1, 0));
}

#[tokio::test(start_paused = true)]
async fn success_ends_it() {
    let tried = Cell::new(0);
    let attempts = Attempts {
        retries: 9,
        backoff: EXACT,
    };
    let value = run(
        attempts,
        &mut Random::seeded(0),
        |_: &&str| Retry::Yes,
        |attempt| {
            tried.set(attempt);
            async move { if attempt < 3 { Err("busy") } else { Ok("done") } }
        },
    )
    .await;
    assert_eq!((value, tried.get()), (Ok("done"), 3));
}
