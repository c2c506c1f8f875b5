//! The procedural macros of Orch: `#[step]` and `workflow!`.

#[cfg_attr(
    not(test),
    expect(dead_code, reason = "`workflow!` is to draw its graph")
)]
mod draw;
