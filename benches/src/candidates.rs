//! Who runs the shapes: a file each, the same functions in each.

pub mod by_hand;
pub mod orch;
