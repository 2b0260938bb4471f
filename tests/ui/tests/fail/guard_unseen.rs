//! The body does not see the guard.
use dt_metrics::timed;

#[timed]
fn f() {
    drop(_guard);
}

fn main() {
    f();
}
