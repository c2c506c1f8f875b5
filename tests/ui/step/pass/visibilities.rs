#![deny(warnings)]

pub mod shop {
    use orch::prelude::*;

    #[step]
    fn private() -> u8 {
        1
    }

    #[step]
    pub(super) fn of_parent() -> u8 {
        private()
    }

    #[step]
    pub(crate) fn of_crate() -> u8 {
        of_parent()
    }

    #[step]
    pub(in crate::shop) fn of_path() -> u8 {
        of_crate()
    }

    #[step]
    pub fn of_all() -> u8 {
        of_path()
    }
}

fn main() {}
