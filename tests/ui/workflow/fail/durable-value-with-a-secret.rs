use orch::prelude::*;
use secrecy::{ExposeSecret as _, SecretString};

#[step]
fn issue(user: u32) -> SecretString {
    SecretString::from(format!("token of {user}"))
}

#[step]
fn call(token: &SecretString) -> usize {
    token.expose_secret().len()
}

workflow! {
    #[workflow(durable)]
    pub Flow(user: u32) -> usize {
        token = issue(user);
        call(&token)
    }
}

fn main() {}
