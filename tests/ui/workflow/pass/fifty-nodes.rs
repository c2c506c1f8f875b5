#![deny(warnings)]

mod large {
    use orch::prelude::*;

    use super::next;

    workflow! {
        #[workflow(node_limit = 51)]
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
            a20 = next(a19);
            a21 = next(a20);
            a22 = next(a21);
            a23 = next(a22);
            a24 = next(a23);
            a25 = next(a24);
            a26 = next(a25);
            a27 = next(a26);
            a28 = next(a27);
            a29 = next(a28);
            a30 = next(a29);
            a31 = next(a30);
            a32 = next(a31);
            a33 = next(a32);
            a34 = next(a33);
            a35 = next(a34);
            a36 = next(a35);
            a37 = next(a36);
            a38 = next(a37);
            a39 = next(a38);
            a40 = next(a39);
            a41 = next(a40);
            a42 = next(a41);
            a43 = next(a42);
            a44 = next(a43);
            a45 = next(a44);
            a46 = next(a45);
            a47 = next(a46);
            a48 = next(a47);
            a49 = next(a48);
            a50 = next(a49);
            a50
        }
    }
}

use orch::prelude::*;

#[step]
fn next(number: u64) -> u64 {
    number + 1
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
        a20 = next(a19);
        a21 = next(a20);
        a22 = next(a21);
        a23 = next(a22);
        a24 = next(a23);
        a25 = next(a24);
        a26 = next(a25);
        a27 = next(a26);
        a28 = next(a27);
        a29 = next(a28);
        a30 = next(a29);
        a31 = next(a30);
        a32 = next(a31);
        a33 = next(a32);
        a34 = next(a33);
        a35 = next(a34);
        a36 = next(a35);
        a37 = next(a36);
        a38 = next(a37);
        a39 = next(a38);
        a40 = next(a39);
        a41 = next(a40);
        a42 = next(a41);
        a43 = next(a42);
        a44 = next(a43);
        a45 = next(a44);
        a46 = next(a45);
        a47 = next(a46);
        a48 = next(a47);
        a49 = next(a48);
        a49
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), RunError> {
    assert_eq!(Flow::run(0).await?, 50);
    assert_eq!(large::Flow::run(0).await?, 51);
    Ok(())
}
