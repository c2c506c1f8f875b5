//! The graph against another implementation, recovery from anything at all, and the size of the expansion.

mod fuzz;
mod graphs;
mod random;
mod sizes;
