//! The first program of the README: it prints why metrics do not arrive.

use dt_metrics::measured;

/// Places one order.
#[measured(name = "orders", dims(tier = tier))]
fn place_order(tier: &str) -> Result<u32, String> {
    match tier {
        "gold" | "free" => Ok(42),
        _ => Err(format!("there is no tier {tier:?}")),
    }
}

fn main() -> Result<(), dt_metrics::Error> {
    let _metrics = dt_metrics::builder() // endpoint and token come from the environment or the host
        .on_delivery_event(|event| eprintln!("metrics: {event}"))
        .install()?;

    for tier in ["gold", "free", "silver"] {
        println!("{tier}: {:?}", place_order(tier));
    }
    Ok(())
} // dropping `_metrics` delivers the rest
