#![deny(unused_must_use)]

fn main() {
    dt_metrics::in_flight_guard!("workers.busy", dims(pool = "mail"));
}
