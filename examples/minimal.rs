//! The first program of the README: it prints why metrics do not arrive.

use dt_metrics::counted;

#[counted(name = "orders", unit = "{order}", dims(region = "eu", tier = customer.tier))]
fn place_order(customer: &Customer) {
    // …
}

fn main() -> Result<(), dt_metrics::Error> {
    let _metrics = dt_metrics::builder() // endpoint and token are found on the host
        .on_delivery_event(|event| eprintln!("metrics: {event}"))
        .install()?;

    place_order(&Customer { tier: "gold" });
    Ok(())
} // the rest is delivered here; if it cannot be, the event says why

struct Customer {
    tier: &'static str,
}
