//! What generated code says where it takes a feature of the library's: nothing, or that it is left out.
//!
//! The error is where the name of the macro stands, which generated code says at the option.

/// Two macros of one name, of which one is there.
macro_rules! wants {
    ($name:ident, $feature:literal, $left_out:literal) => {
        #[cfg(feature = $feature)]
        #[doc(hidden)]
        #[macro_export]
        macro_rules! $name {
            () => {};
        }

        #[cfg(not(feature = $feature))]
        #[doc(hidden)]
        #[macro_export]
        macro_rules! $name {
            () => {
                ::core::compile_error!($left_out);
            };
        }
    };
}

// `cache_ttl` and `cache`.
wants!(
    __wants_cache,
    "cache",
    "`cache` is a feature of `orch-rs` that is left out: add it in Cargo.toml, `features = [\"cache\"]`"
);

// `rate_limit`.
wants!(
    __wants_rate_limit,
    "rate-limit",
    "`rate-limit` is a feature of `orch-rs` that is left out: add it in Cargo.toml, `features = [\"rate-limit\"]`"
);

// `signal` and `compensate`.
wants!(
    __wants_json,
    "json",
    "this keeps a value as JSON, and `json` is a feature of `orch-rs` that is left out: add it in Cargo.toml, `features = [\"json\"]`"
);

// `durable`.
wants!(
    __wants_durable,
    "durable",
    "`durable` is a feature of `orch-rs` that is left out: add it in Cargo.toml, `features = [\"durable\"]`, or `sqlite` for durable runs in a file"
);

// `schedule`.
wants!(
    __wants_schedule,
    "schedule",
    "`schedule` is a feature of `orch-rs` that is left out: add it in Cargo.toml, `features = [\"schedule\"]`"
);
