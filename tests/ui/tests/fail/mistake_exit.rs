//! A `break`, `continue` or `.await` where it cannot be: the compiler reports the same error for an
//! annotated function as for a bare one.

use std::future::ready;

use dt_metrics::{counted, measured};

mod bare {
    use std::future::ready;

    fn breaks() -> Result<u32, ()> {
        if true { break; }
        Ok(1)
    }

    async fn continues() -> Option<u32> {
        for _ in 0..3 {}
        continue
    }

    fn awaits() -> Result<u32, ()> {
        Ok(ready(1).await)
    }
}

#[measured]
fn breaks() -> Result<u32, ()> {
    if true { break; }
    Ok(1)
}

#[counted(outcome)]
async fn continues() -> Option<u32> {
    for _ in 0..3 {}
    continue
}

#[measured]
fn awaits() -> Result<u32, ()> {
    Ok(ready(1).await)
}

fn main() {}
