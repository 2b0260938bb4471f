//! Service-level objectives next to the code.

use std::time::Duration;

use dt_metrics::{Objective, catalog, catalog_json, catalog_markdown, measured};

fn objective(name: &str) -> Option<Objective> {
    let catalog = catalog();
    catalog
        .iter()
        .find(|metric| metric.name == name)
        .unwrap()
        .objective
}

const fn latency(threshold: Duration, percentile: f64) -> Option<Objective> {
    Some(Objective::Latency {
        threshold,
        percentile,
    })
}

#[measured(
    name = "slo.all",
    objective(success = "99.9%", latency = "250ms", percentile = "95%")
)]
fn all() {}

#[measured(name = "slo.success", duration = false, objective(success = "100 %"))]
fn success() {}

#[measured(name = "slo.latency", objective(latency = "1.5 s"), when = ok)]
fn latency_of_successes() {}

#[measured(name = "slo.tiny", objective(latency = "1ns", percentile = "0.01%"))]
async fn tiny() {}

#[test]
fn each_metric_has_the_objective_that_it_measures() {
    assert_eq!(
        objective("slo.all.calls"),
        Some(Objective::Success { ratio: 0.999 })
    );
    assert_eq!(
        objective("slo.all.duration"),
        latency(Duration::from_millis(250), 0.95)
    );
    assert_eq!(objective("slo.all.in_flight"), None);
    assert_eq!(
        objective("slo.success.calls"),
        Some(Objective::Success { ratio: 1.0 })
    );
    assert_eq!(objective("slo.latency.calls"), None);
    assert_eq!(
        objective("slo.latency.duration"),
        latency(Duration::from_millis(1500), 0.99)
    );
    assert_eq!(
        objective("slo.tiny.duration"),
        latency(Duration::from_nanos(1), 0.0001)
    );
}

struct Shop;

#[measured(name = "slo.shop", objective(success = "99%", latency = "2min"))]
impl Shop {
    fn order() {}

    #[measured(objective(success = "99.99%"))]
    fn pay() {}

    #[measured(duration = false)]
    fn list() {}
}

#[test]
fn methods_take_the_objective_of_their_block_or_have_their_own() {
    assert_eq!(
        objective("slo.shop.order.calls"),
        Some(Objective::Success { ratio: 0.99 })
    );
    assert_eq!(
        objective("slo.shop.order.duration"),
        latency(Duration::from_secs(120), 0.99)
    );
    assert_eq!(
        objective("slo.shop.pay.calls"),
        Some(Objective::Success { ratio: 0.9999 })
    );
    assert_eq!(objective("slo.shop.pay.duration"), None);
    assert_eq!(
        objective("slo.shop.list.calls"),
        Some(Objective::Success { ratio: 0.99 })
    );
    all();
    success();
    latency_of_successes();
    drop(tiny());
    Shop::order();
    Shop::pay();
    Shop::list();
}

mod function {
    /// The name comes from the path, and is made at run time.
    #[dt_metrics::measured(objective(success = "90%"))]
    pub(super) fn unnamed() {}
}

#[test]
fn the_catalogue_prints_objectives() {
    function::unnamed();
    let json: serde_json::Value = serde_json::from_str(&catalog_json()).unwrap();
    let of = |name: &str| {
        let all = json.as_array().unwrap();
        let ends = |metric: &&serde_json::Value| metric["name"].as_str().unwrap().ends_with(name);
        all.iter().find(ends).unwrap()["objective"].clone()
    };
    assert_eq!(of("slo.all.calls"), serde_json::json!({"success": 0.999}));
    assert_eq!(
        of("slo.all.duration"),
        serde_json::json!({"latency": 0.25, "percentile": 0.95})
    );
    assert_eq!(
        of("function.unnamed.calls"),
        serde_json::json!({"success": 0.9})
    );
    assert!(of("slo.all.in_flight").is_null());

    let page = catalog_markdown();
    let (_, listed) = page.split_once("\nObjectives:\n\n").unwrap();
    for line in [
        "- `slo.all.calls`: at least 99.9% of calls have the outcome `ok`\n",
        "- `slo.all.duration`: at least 95% of calls take at most 250ms\n",
        "- `slo.latency.duration`: at least 99% of calls take at most 1.5s\n",
        "- `slo.tiny.duration`: at least 0.01% of calls take at most 1ns\n",
    ] {
        assert!(listed.contains(line), "{line} in {listed}");
    }
}
