//! A parameter that is not complete: the compiler says of an annotated function what it says of a bare one.

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
