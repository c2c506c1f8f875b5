use orch::prelude::*;

#[step]
fn next(number: &u64) -> u64 {
    number + 1
}

workflow! {
    Flow() -> u64 {
        a = next(&h);
        b = next(&a);
        c = next(&b);
        d = next(&c);
        e = next(&d);
        f = next(&e);
        g = next(&f);
        h = next(&g);
        h
    }
}

fn main() {}
