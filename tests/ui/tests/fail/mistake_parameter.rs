//! An incomplete parameter: the compiler reports the same error as for a bare function.

use dt_metrics::{counted, measured};

mod bare {
    fn no_type(x: ) {}
    fn no_pattern(x) {}
    async fn no_type_among_others(x: , y: &u32) {}
}

#[measured]
fn no_type(x: ) {}

#[counted]
fn no_pattern(x) {}

#[measured]
async fn no_type_among_others(x: , y: &u32) {}

fn main() {}
