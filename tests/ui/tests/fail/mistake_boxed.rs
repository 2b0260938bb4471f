//! A body that returns another future than the boxed one: no message has a type of the expansion.

use std::future::Future;
use std::pin::Pin;

use dt_metrics::measured;

mod bare {
    use super::*;

    fn text() -> Pin<Box<dyn Future<Output = u32> + Send>> { Box::pin(async { "a" }) }
    fn number() -> Pin<Box<dyn Future<Output = u32>>> { Box::pin(5) }
    fn path() -> std::pin::Pin<Box<dyn std::future::Future<Output = u32>>> { Box::pin(async { "a" }) }
}

#[measured]
fn text() -> Pin<Box<dyn Future<Output = u32> + Send>> { Box::pin(async { "a" }) }

#[measured]
fn number() -> Pin<Box<dyn Future<Output = u32>>> { Box::pin(5) }

#[measured]
fn path() -> std::pin::Pin<Box<dyn std::future::Future<Output = u32>>> { Box::pin(async { "a" }) }

fn main() {}
