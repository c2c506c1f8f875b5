//! The shapes as Orch's users write them.

use orch::prelude::*;

use crate::steps::{blend, blend3, mix, plain_mix, sum};

include!(concat!(env!("OUT_DIR"), "/workflows.rs"));

workflow! {
    pub Diamond(seed: u64) -> u64 {
        top = mix(seed);
        left = mix(top);
        right = mix(top);
        blend(left, right)
    }
}

workflow! {
    pub Fan(seed: u64, width: u64) -> u64 {
        values = for n in 0..width { mix(seed ^ n) };
        sum(&values)
    }
}

workflow! {
    pub PlainFan(seed: u64, width: u64) -> u64 {
        values = for n in 0..width { plain_mix(seed ^ n) };
        sum(&values)
    }
}
