use orch::prelude::*;

#[step]
fn double(number: u32) -> u32 {
    number * 2
}

#[step]
fn sum(numbers: &[u8]) -> u8 {
    numbers.iter().sum()
}

#[step]
fn mean(numbers: Vec<f32>) -> f32 {
    numbers.iter().sum::<f32>() / 2.0
}

workflow! {
    /// What types a number: another arm, a suffix, a step; of an expression outside of bodies, whoever reads it.
    pub Flow(n: u32) -> (u32, u8, f32, u64, u32) {
        one = 1;
        capped = if n > 10 { 10 } else { n };
        stepped = if n > 10 { 1 } else { double(n) };
        bytes = for idx in 0..2_u8 { idx + 1 };
        pair = match n {
            0 => (n, 1.5_f32),
            _ => (0, 2.5),
        };
        halves = for half in [0.5_f32, 1.5] { half * 2.0 };
        doubled = for number in [1, 2] { double(number) };
        list = [1, 2];
        summed = sum(&list);
        total = sum(&bytes);
        mean = mean(halves);
        (capped + stepped + one + doubled[1], total + summed, mean + pair.1, 7, pair.0)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Flow::run(3).await.unwrap(), (14, 6, 4.5, 7, 0));
}
