//! Workflows of steps that burn CPU, in copies, since what the engine learns of a step in its first run it knows later.

use futures::future::{BoxFuture, FutureExt};

use crate::steps::busy;

/// The workflows of one copy.
#[derive(Debug, Clone, Copy)]
pub struct Copy {
    /// Two `async` steps, or eight.
    pub of_async: fn(u64, usize) -> BoxFuture<'static, u64>,
    /// Two plain functions, or eight.
    pub of_plain: fn(u64, usize) -> BoxFuture<'static, u64>,
}

macro_rules! copies {
    ($($copy:ident)*) => {
        $(mod $copy {
            use orch::prelude::*;

            use crate::steps::sum;

            #[step]
            async fn burn(x: u64) -> u64 {
                super::busy(x)
            }

            #[step]
            fn plain_burn(x: u64) -> u64 {
                super::busy(x)
            }

            shapes!(Two, Eight, burn);
            shapes!(PlainTwo, PlainEight, plain_burn);
        })*

        /// As many as there are rounds at most.
        pub const COPIES: &[Copy] = &[$(Copy {
            of_async: |seed, width| match width {
                2 => $copy::Two::run(seed).map(succeeded).boxed(),
                _ => $copy::Eight::run(seed).map(succeeded).boxed(),
            },
            of_plain: |seed, width| match width {
                2 => $copy::PlainTwo::run(seed).map(succeeded).boxed(),
                _ => $copy::PlainEight::run(seed).map(succeeded).boxed(),
            },
        }),*];
    };
}

macro_rules! shapes {
    ($two:ident, $eight:ident, $step:ident) => {
        workflow! {
            pub(super) $two(seed: u64) -> u64 {
                a = $step(seed);
                b = $step(seed ^ 1);
                sum(&[a, b])
            }
        }

        workflow! {
            pub(super) $eight(seed: u64) -> u64 {
                a = $step(seed);
                b = $step(seed ^ 1);
                c = $step(seed ^ 2);
                d = $step(seed ^ 3);
                e = $step(seed ^ 4);
                f = $step(seed ^ 5);
                g = $step(seed ^ 6);
                h = $step(seed ^ 7);
                sum(&[a, b, c, d, e, f, g, h])
            }
        }
    };
}

fn succeeded<E: std::fmt::Debug>(result: Result<u64, E>) -> u64 {
    result.unwrap_or_else(|error| panic!("a workflow without errors failed: {error:?}"))
}

copies!(c0 c1 c2 c3 c4 c5 c6 c7 c8 c9);
