use orch::prelude::*;
use secrecy::{ExposeSecret as _, SecretString};

#[step]
fn call(token: &SecretString) -> usize {
    token.expose_secret().len()
}

workflow! {
    #[workflow(durable)]
    pub Flow(token: SecretString) -> usize {
        call(&token)
    }
}

fn main() {}
