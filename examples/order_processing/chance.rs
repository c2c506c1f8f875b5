//! Chance that follows from a seed and a name, so that a run can be repeated whatever the timing.

/// A number from 0 to just below 1: the same for the same seed and name, on every machine.
pub fn unit(seed: u64, name: &str) -> f64 {
    // FNV-1a over the name, then the finalizer of SplitMix64, which spreads what differs in few bits.
    let hash = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325 ^ seed, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    let mixed = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let mixed = mixed ^ (mixed >> 31);
    // 53 bits are what an f64 holds exactly.
    (mixed >> 11) as f64 / (1_u64 << 53) as f64
}

/// One of the numbers from `low` to `high`, both included.
pub fn between(seed: u64, name: &str, low: u32, high: u32) -> u32 {
    let count = f64::from(high - low) + 1.0;
    low + (unit(seed, name) * count) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_name_gives_the_same_number_and_another_one_does_not() {
        assert_eq!(unit(7, "order-1"), unit(7, "order-1"));
        assert_ne!(unit(7, "order-1"), unit(7, "order-2"));
        assert_ne!(unit(7, "order-1"), unit(8, "order-1"));
    }

    #[test]
    fn numbers_are_spread_evenly() {
        let mut counts = [0_u32; 6];
        for roll in 0..6_000 {
            counts[between(1, &format!("roll {roll}"), 0, 5) as usize] += 1;
        }
        assert!(
            counts.iter().all(|count| (850..1_150).contains(count)),
            "{counts:?}"
        );
    }
}
