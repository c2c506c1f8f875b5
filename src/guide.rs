//! The guide: what Orch does and how it is written, page by page.

/// From nothing to a first run.
pub mod getting_started {
    #![doc = include_str!("../docs/guide/getting-started.md")]
}

/// Functions as steps, and their options.
pub mod steps {
    #![doc = include_str!("../docs/guide/steps.md")]
}

/// What a workflow may say.
pub mod language {
    #![doc = include_str!("../docs/guide/language.md")]
}

/// Errors, outcomes and trigger rules.
pub mod failures {
    #![doc = include_str!("../docs/guide/failures.md")]
}

/// Retries, limits, caches and breakers.
pub mod policies {
    #![doc = include_str!("../docs/guide/policies.md")]
}

/// Orchestrators, runs and their handles.
pub mod running {
    #![doc = include_str!("../docs/guide/running.md")]
}

/// Runs that survive their process.
pub mod durable {
    #![doc = include_str!("../docs/guide/durable.md")]
}

/// Tests of workflows.
pub mod testing {
    #![doc = include_str!("../docs/guide/testing.md")]
}
