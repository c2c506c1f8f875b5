//! The graph against another implementation, recovery from anything at all, and what the expansion looks like.

mod graphs;
mod random;
