//! A body's value is coerced to the type in the signature, as without a guard around it.
#![allow(dead_code)]
#![deny(warnings)]

use std::cell::RefCell;
use std::error::Error;
use std::fmt::{Debug, Display};
use std::future::Future;
use std::pin::Pin;

use dt_metrics::{in_flight, timed};

#[timed]
fn slice(a: &[u8; 3]) -> &[u8] {
    a
}

#[timed]
fn object(n: &u32) -> &dyn Debug {
    n
}

#[timed]
fn branches(n: bool) -> Box<dyn Display> {
    if n { Box::new(1) } else { Box::new("a") }
}

#[timed]
fn matched(n: u8) -> Box<dyn Fn(u8) -> u8> {
    match n {
        0 => Box::new(|n| n),
        _ => Box::new(move |m| n + m),
    }
}

#[timed]
fn closure() -> fn(u8) -> u8 {
    |n| n
}

#[timed]
fn deref(text: &String) -> &str {
    text
}

#[timed]
fn reborrowed<'a>(values: &'a mut Vec<u8>) -> &'a mut Vec<u8> {
    values.push(1);
    values
}

#[timed]
fn conditional(values: &mut Vec<u8>) -> &mut u8 {
    if values.is_empty() {
        values.push(1);
    }
    &mut values[0]
}

#[timed]
fn opaque(n: bool) -> impl Iterator<Item = u8> {
    if n {
        return vec![1].into_iter();
    }
    Vec::new().into_iter()
}

#[timed]
fn none() -> Option<Box<dyn Debug>> {
    None
}

#[timed]
fn question_mark(text: &str) -> Result<u8, Box<dyn Error>> {
    if text.is_empty() {
        return Err("empty".into());
    }
    Ok(text.parse::<u8>()?)
}

#[timed]
fn never_in_branch(n: bool) -> u8 {
    if n { 1 } else { panic!("as meant") }
}

#[timed]
fn forever() -> ! {
    loop {
        std::thread::park();
    }
}

#[timed]
fn label() -> u8 {
    'outer: loop {
        loop {
            break 'outer 3;
        }
    }
}

#[timed]
fn unit() {
    none();
}

#[timed]
fn unit_of_another() {
    unit()
}

#[timed]
fn inferred() -> Vec<u8> {
    (0..3).collect()
}

#[timed]
fn parsed() -> u64 {
    "1".parse().unwrap()
}

#[timed]
fn default() -> (u8, String) {
    Default::default()
}

#[timed]
fn pinned() -> Pin<Box<dyn Future<Output = u8>>> {
    Box::pin(async { 1 })
}

#[timed]
fn borrowed(cell: RefCell<Vec<u8>>) -> usize {
    cell.borrow().len()
}

#[timed]
fn array() -> [Box<dyn Debug>; 2] {
    [Box::new(1), Box::new("a")]
}

#[timed]
fn moved(text: String) -> impl FnOnce() -> String {
    move || text
}

#[timed]
#[in_flight]
async fn object_later(n: u32) -> Box<dyn Debug> {
    Box::new(n)
}

#[timed]
#[in_flight]
async fn slice_later<'a>(a: &'a [u8; 3]) -> &'a [u8] {
    a
}

#[timed]
#[in_flight]
async fn question_mark_later(text: &str) -> Result<u8, Box<dyn Error>> {
    let n: u8 = text.parse()?;
    Ok(n)
}

fn main() {}
