#![deny(warnings)]

use orch::prelude::*;

pub trait Shape: Send + Sync {
    fn area(&self) -> u32;
}

pub struct Square(u32);

impl Shape for Square {
    fn area(&self) -> u32 {
        self.0 * self.0
    }
}

#[step]
fn square(side: u32) -> Box<Square> {
    Box::new(Square(side))
}

#[step]
fn area(shape: Box<dyn Shape>) -> u32 {
    shape.area()
}

#[step]
fn name(side: u32) -> String {
    side.to_string()
}

#[step]
fn length(text: &str) -> usize {
    text.len()
}

#[step]
fn names() -> &'static String {
    Box::leak(Box::default())
}

workflow! {
    /// Of a node's value, of an input, of a value that is copied, of one that is lent.
    pub Flow(side: u32, given: Box<Square>) -> (u32, u32, usize, usize) {
        shape = square(side);
        own = area(shape);
        other = area(given);
        shared = names();
        long = length(shared);
        longer = length(shared);
        text = name(side);
        lent = length(&text);
        (own, other, long + longer, lent)
    }
}

fn main() {}
