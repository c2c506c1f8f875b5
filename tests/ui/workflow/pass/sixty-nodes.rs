use orch::prelude::*;

#[step]
fn next(number: u64) -> u64 {
    number + 1
}

#[step]
fn sum(one: u64, two: u64, three: u64) -> u64 {
    one + two + three
}

workflow! {
    pub Flow(start: u64) -> u64 {
        a0 = next(start);
        a1 = next(a0);
        a2 = next(a1);
        a3 = next(a2);
        a4 = next(a3);
        a5 = next(a4);
        a6 = next(a5);
        a7 = next(a6);
        a8 = next(a7);
        a9 = next(a8);
        a10 = next(a9);
        a11 = next(a10);
        a12 = next(a11);
        a13 = next(a12);
        a14 = next(a13);
        a15 = next(a14);
        a16 = next(a15);
        a17 = next(a16);
        a18 = next(a17);
        a19 = next(a18);
        b0 = next(start);
        b1 = next(b0);
        b2 = next(b1);
        b3 = next(b2);
        b4 = next(b3);
        b5 = next(b4);
        b6 = next(b5);
        b7 = next(b6);
        b8 = next(b7);
        b9 = next(b8);
        b10 = next(b9);
        b11 = next(b10);
        b12 = next(b11);
        b13 = next(b12);
        b14 = next(b13);
        b15 = next(b14);
        b16 = next(b15);
        b17 = next(b16);
        b18 = next(b17);
        b19 = next(b18);
        c0 = next(start);
        c1 = next(c0);
        c2 = next(c1);
        c3 = next(c2);
        c4 = next(c3);
        c5 = next(c4);
        c6 = next(c5);
        c7 = next(c6);
        c8 = next(c7);
        c9 = next(c8);
        c10 = next(c9);
        c11 = next(c10);
        c12 = next(c11);
        c13 = next(c12);
        c14 = next(c13);
        c15 = next(c14);
        c16 = next(c15);
        c17 = next(c16);
        c18 = next(c17);
        c19 = next(c18);
        sum(a19, b19, c19)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run(0).await.unwrap(), 60);
    assert_eq!(Flow::GRAPH.nodes().count(), 61);
}
