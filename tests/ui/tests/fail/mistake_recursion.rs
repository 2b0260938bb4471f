//! Recursion without a box: the compiler reports it at the annotated function, not at the annotation.

use dt_metrics::measured;

async fn bare(n: u32) -> u32 {
    if n == 0 { 0 } else { bare(n - 1).await }
}

#[measured]
async fn measured_calls(n: u32) -> u32 {
    if n == 0 { 0 } else { measured_calls(n - 1).await }
}

fn main() {}
