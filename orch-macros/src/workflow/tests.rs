//! The graph against another implementation, recovery from anything at all, and the size of the expansion.

mod calls;
mod fuzz;
mod graphs;
mod numbers;
mod random;
mod sizes;
