use orch::prelude::*;

mod steps {
    use orch::prelude::*;

    #[step]
    fn fetch_rates(day: u32) -> u32 {
        day
    }
}

workflow! {
    Flow(day: u32) -> u32 {
        rates = steps::fetch_rates(day);
        rates
    }
}

fn main() {}
