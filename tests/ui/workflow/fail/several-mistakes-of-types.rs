use orch::prelude::*;

#[step]
fn double(number: u32) -> u32 {
    number * 2
}

#[step]
fn length(text: &str) -> usize {
    text.len()
}

#[step]
fn own(text: String) -> String {
    text
}

workflow! {
    Flow(number: u32, text: String) -> usize {
        one = double(&text);
        two = duoble(number);
        three = length();
        four = own(text);
        five = text.len() + four.len();
        six = one + two;
        three + five + six as usize
    }
}

fn main() {}
