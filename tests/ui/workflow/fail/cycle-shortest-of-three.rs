use orch::prelude::*;

#[step]
fn mix(left: &u8, right: &u8) -> u8 {
    left ^ right
}

workflow! {
    Flow(seed: u8) -> u8 {
        a = mix(&seed, &d);
        b = mix(&a, &c);
        c = mix(&b, &seed);
        d = mix(&c, &seed);
        d
    }
}

fn main() {}
