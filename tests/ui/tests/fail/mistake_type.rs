//! An unknown return type: the compiler reports the same error as for a bare function.

use std::future::Future;
use std::pin::Pin;

use dt_metrics::{counted, measured};

mod bare {
    use super::*;

    fn returns() -> Missing { todo!() }
    async fn resolves() -> Missing { todo!() }
    fn promises() -> impl Future<Output = Missing> { async { todo!() } }
    fn boxes() -> Pin<Box<dyn Future<Output = Missing>>> { Box::pin(async { todo!() }) }
    fn boxes_alias() -> BoxFuture<u32> { Box::pin(async { todo!() }) }
}

#[measured]
fn returns() -> Missing { todo!() }

#[counted(outcome)]
async fn resolves() -> Missing { todo!() }

#[measured]
fn promises() -> impl Future<Output = Missing> { async { todo!() } }

#[measured]
fn boxes() -> Pin<Box<dyn Future<Output = Missing>>> { Box::pin(async { todo!() }) }

#[measured]
fn boxes_alias() -> BoxFuture<u32> { Box::pin(async { todo!() }) }

fn main() {}
