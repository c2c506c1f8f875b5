use orch::prelude::*;

#[step]
fn double(number: u32) -> u32 {
    number * 2
}

#[step]
fn length(text: &str) -> u32 {
    text.len() as u32
}

workflow! {
    #[workflow(verison = "1.0")]
    Flow(number: u32, text: String) -> u32 {
        let one = double(number);
        #[node(retires = 3)]
        two = double(number);
        three = double(four);
        four = double(three);
        five = double(double(number));
        six = length(text);
        seven = double(numbr);
        one + two + three + five + six + seven
    }
}

fn main() {}
