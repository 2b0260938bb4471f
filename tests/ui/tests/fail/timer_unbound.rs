#![deny(unused_must_use)]

fn main() {
    dt_metrics::timer!("db.query");
}
