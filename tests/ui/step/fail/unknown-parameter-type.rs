use orch::prelude::*;

pub struct Day;

#[step]
pub async fn fetch(day: Vec<Dya>) -> usize {
    day.len()
}

fn main() {}
