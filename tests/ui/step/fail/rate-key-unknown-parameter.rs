use orch::prelude::*;

#[step(rate_limit("5/s", key = usr))]
async fn fetch(user: String) -> usize {
    user.len()
}

fn main() {}
