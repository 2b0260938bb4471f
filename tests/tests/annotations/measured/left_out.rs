//! `#[measured]` without the duration, without the calls in flight, and without both.

use std::pin::Pin;

use dt_metrics::testing::{capture, capture_async};
use dt_metrics::{catalog, measured};

/// The metrics whose names begin with `prefix`, without it.
fn metrics(prefix: &str) -> Vec<&'static str> {
    let catalog = catalog();
    let names = catalog.iter().map(|metric| metric.name);
    names.filter_map(|name| name.strip_prefix(prefix)).collect()
}

#[measured(name = "left_out.duration", duration = false)]
fn no_duration(tier: &str) -> Result<usize, ()> {
    Ok(tier.len())
}

#[measured(
    name = "left_out.in_flight",
    in_flight = false,
    unit = "ms",
    dims(tier)
)]
fn no_in_flight(tier: &str) -> usize {
    tier.len()
}

/// Both.
#[measured(name = "left_out.both", duration = false, in_flight = false, ret_dims(len = ret))]
fn neither(tier: &str) -> usize {
    tier.len()
}

#[measured(name = "left_out.none", duration = true, in_flight = true)]
fn none() {}

#[test]
fn left_out_metrics_are_not_in_the_catalogue() {
    assert_eq!(metrics("left_out.duration."), ["calls", "in_flight"]);
    assert_eq!(metrics("left_out.in_flight."), ["calls", "duration"]);
    assert_eq!(metrics("left_out.both."), ["calls"]);
    assert_eq!(
        metrics("left_out.none."),
        ["calls", "duration", "in_flight"]
    );
    let catalog = catalog();
    let both = catalog
        .iter()
        .find(|metric| metric.name == "left_out.both.calls");
    assert_eq!(both.unwrap().description, "Both: calls");
}

#[test]
fn the_rest_is_recorded() {
    let seen = capture(|| {
        let _ = no_duration("a");
        (no_in_flight("gold"), neither("gold"), none())
    });
    assert_eq!(
        seen.counter("left_out.duration.calls")
            .with("outcome", "ok")
            .value(),
        1
    );
    assert_eq!(
        seen.up_down_counter("left_out.duration.in_flight").value(),
        0
    );
    assert_eq!(
        seen.histogram("left_out.in_flight.duration")
            .with("tier", "gold")
            .count(),
        1
    );
    assert_eq!(
        seen.counter("left_out.both.calls").with("len", 4).value(),
        1
    );
}

#[measured(name = "left_out.async", duration = false)]
async fn asynchronous() {}

#[measured(name = "left_out.boxed", duration = false, in_flight = false)]
fn boxed<'a>(text: &'a str) -> Pin<Box<dyn Future<Output = &'a str> + Send + 'a>> {
    Box::pin(async move { text })
}

#[tokio::test]
async fn futures() {
    let seen = capture_async(async {
        asynchronous().await;
        boxed("a").await;
        drop(boxed("b"));
    })
    .await;
    assert_eq!(
        seen.counter("left_out.async.calls")
            .with("outcome", "ok")
            .value(),
        1
    );
    assert_eq!(seen.counter("left_out.boxed.calls").value(), 1);
}

struct Shop;

#[measured(name = "left_out.shop", duration = false, in_flight = false)]
impl Shop {
    fn order() {}

    #[measured(duration = true, unit = "ms")]
    fn pay() {}
}

#[measured(name = "left_out.scaled", unit = "ms", boundaries = [1, 10])]
impl Shop {
    #[measured(duration = false)]
    fn count() {}
}

#[test]
fn methods_decide_for_themselves() {
    assert_eq!(
        metrics("left_out.shop."),
        ["order.calls", "pay.calls", "pay.duration"]
    );
    assert_eq!(
        metrics("left_out.scaled."),
        ["count.calls", "count.in_flight"]
    );
    let seen = capture(|| (Shop::order(), Shop::pay(), Shop::count()));
    assert_eq!(seen.histogram("left_out.shop.pay.duration").count(), 1);
    assert_eq!(seen.counter("left_out.shop.order.calls").value(), 1);
    assert_eq!(seen.counter("left_out.scaled.count.calls").value(), 1);
}
