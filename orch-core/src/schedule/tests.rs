mod model;
mod notation;
mod random;
mod rules;
mod semantics;
