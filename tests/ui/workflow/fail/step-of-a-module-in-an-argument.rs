use orch::prelude::*;

mod steps {
    use orch::prelude::*;

    #[step]
    pub fn load() -> u32 {
        1
    }
}

#[step]
fn double(number: u32) -> u32 {
    number * 2
}

workflow! {
    Flow() -> u32 {
        doubled = double(steps::load());
        doubled
    }
}

fn main() {}
