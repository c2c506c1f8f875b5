//! The shapes as Orch's users write them.

use orch::prelude::*;

use crate::steps::{blend, blend3, gated, mix, pause, plain_mix, sum, under};

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

workflow! {
    pub Unbalanced(seed: u64) -> u64 {
        top = mix(seed);
        long0 = pause(top, 2);
        long1 = pause(long0, 2);
        long2 = pause(long1, 2);
        long3 = pause(long2, 2);
        long4 = pause(long3, 2);
        long5 = pause(long4, 2);
        long6 = pause(long5, 2);
        long7 = pause(long6, 2);
        long8 = pause(long7, 2);
        long9 = pause(long8, 2);
        short = pause(top, 15);
        blend(long9, short)
    }
}

workflow! {
    /// Ten nodes, the first of which waits until [`GATE`](crate::steps::GATE) is opened.
    pub Gated(seed: u64) -> u64 {
        n0 = gated(seed);
        n1 = mix(n0);
        n2 = mix(n1);
        n3 = mix(n2);
        n4 = mix(n3);
        n5 = mix(n4);
        n6 = mix(n5);
        n7 = mix(n6);
        n8 = mix(n7);
        mix(n8)
    }
}
