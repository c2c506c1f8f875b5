use orch::prelude::*;

#[step(cache(key = "rates:{client}"))]
async fn fetch(#[resource] client: &String) -> usize {
    client.len()
}

fn main() {}
