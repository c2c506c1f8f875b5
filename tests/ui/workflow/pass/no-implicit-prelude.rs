#![no_implicit_prelude]

use ::orch::{step, workflow};

#[step]
fn load(page: ::std::primitive::u32) -> ::std::vec::Vec<u32> {
    ::std::vec![page, page]
}

#[step(retries = 1)]
fn sum(numbers: &[u32]) -> ::std::result::Result<u32, ::std::io::Error> {
    ::std::result::Result::Ok(::std::iter::Iterator::sum(numbers.iter()))
}

workflow! {
    pub Flow(page: u32) -> u32 {
        numbers = load(page);
        doubled = for number in &numbers { sum(&[*number, *number]) };
        large = if page > 3 { sum(&doubled) };
        small = match page {
            0 => sum(&numbers),
            _ => sum(&doubled),
        };
        #[node(optional)]
        spare = sum(&numbers).or_else(sum(&doubled));
        large.unwrap_or(0) + small + spare.unwrap_or(0)
    }
}

fn main() {
    let runtime = ::tokio::runtime::Builder::new_current_thread().enable_all().build();
    let total = ::std::result::Result::unwrap(runtime).block_on(Flow::run(4));
    ::std::assert_eq!(::std::result::Result::unwrap(total), 16 + 16 + 8);
}
