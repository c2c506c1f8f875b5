use orch::prelude::*;

macro_rules! flow {
    ($name:ident, $step:ident, $times:expr) => {
        #[step]
        fn $step(number: u32) -> u32 {
            number * $times
        }

        workflow! {
            pub $name(number: u32) -> u32 {
                result = $step(number);
                result + $times
            }
        }
    };
}

flow!(Double, double, 2);
flow!(Triple, triple, 3);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Double::run(4).await.unwrap(), 10);
    assert_eq!(Triple::run(4).await.unwrap(), 15);
}
