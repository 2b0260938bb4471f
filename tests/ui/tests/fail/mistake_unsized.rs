//! A return type or parameter without a size: the compiler reports the same error for an annotated
//! function as for a bare one.

use std::fmt::Display;

use dt_metrics::{counted, measured};

mod bare {
    use super::*;

    async fn slice() -> [u8] { todo!() }
    fn object() -> dyn Display { todo!() }
    fn parameter(bytes: [u8]) -> Result<u8, ()> { Ok(1) }
}

#[measured]
async fn slice() -> [u8] { todo!() }

#[counted(outcome)]
fn object() -> dyn Display { todo!() }

#[measured]
fn parameter(bytes: [u8]) -> Result<u8, ()> { Ok(1) }

fn main() {}
