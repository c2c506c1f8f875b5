#![deny(warnings)]

use orch::prelude::*;

macro_rules! steps {
    ($($name:ident: $type:ty = $value:expr, $retries:literal;)*) => {
        $(
            #[step(retries = $retries, cache(key = "{day}"), timeout = "1s")]
            pub fn $name(day: u8) -> $type {
                $value + day as $type
            }
        )*
    };
}

steps! {
    bytes: u8 = 1, 3;
    words: u16 = 2, 4;
}

fn main() {}
