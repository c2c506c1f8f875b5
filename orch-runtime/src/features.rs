//! What generated code says where it takes a feature of the library's: nothing, or that it is left out.
//!
//! Each is given the option that takes it, as the error is where that stands.

/// Of `cache_ttl` and `cache`.
#[cfg(feature = "cache")]
#[doc(hidden)]
#[macro_export]
macro_rules! __wants_cache {
    ($option:ident) => {};
}

/// Of `cache_ttl` and `cache`.
#[cfg(not(feature = "cache"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __wants_cache {
    ($option:ident) => {
        ::core::compile_error!(
            "`cache` is a feature of `orch-rs` that is left out: add it in Cargo.toml, `features = [\"cache\"]`"
        );
    };
}

/// Of `rate_limit`.
#[cfg(feature = "rate-limit")]
#[doc(hidden)]
#[macro_export]
macro_rules! __wants_rate_limit {
    ($option:ident) => {};
}

/// Of `rate_limit`.
#[cfg(not(feature = "rate-limit"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __wants_rate_limit {
    ($option:ident) => {
        ::core::compile_error!(
            "`rate-limit` is a feature of `orch-rs` that is left out: add it in Cargo.toml, `features = [\"rate-limit\"]`"
        );
    };
}

/// Of `signal` and `compensate`, which keep values as JSON.
#[cfg(feature = "json")]
#[doc(hidden)]
#[macro_export]
macro_rules! __wants_json {
    ($option:ident) => {};
}

/// Of `signal` and `compensate`, which keep values as JSON.
#[cfg(not(feature = "json"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __wants_json {
    ($option:ident) => {
        ::core::compile_error!(
            "this keeps a value as JSON, and `json` is a feature of `orch-rs` that is left out: add it in Cargo.toml, `features = [\"json\"]`"
        );
    };
}

/// Of `durable`.
#[cfg(feature = "durable")]
#[doc(hidden)]
#[macro_export]
macro_rules! __wants_durable {
    ($option:ident) => {};
}

/// Of `durable`.
#[cfg(not(feature = "durable"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __wants_durable {
    ($option:ident) => {
        ::core::compile_error!(
            "`durable` is a feature of `orch-rs` that is left out: add it in Cargo.toml, `features = [\"durable\"]`, or `sqlite` for durable runs in a file"
        );
    };
}

/// Of `schedule`.
#[cfg(feature = "schedule")]
#[doc(hidden)]
#[macro_export]
macro_rules! __wants_schedule {
    ($option:ident) => {};
}

/// Of `schedule`.
#[cfg(not(feature = "schedule"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __wants_schedule {
    ($option:ident) => {
        ::core::compile_error!(
            "`schedule` is a feature of `orch-rs` that is left out: add it in Cargo.toml, `features = [\"schedule\"]`"
        );
    };
}
