//! Tests of dt-metrics from outside; see `tests/`.

/// Documents whose code compiles and runs. `tests/documents/` checks that all are here.
macro_rules! documents {
    ($($(#[$if:meta])? $name:ident: $path:literal;)+) => {$(
        #[cfg(doctest)]
        $(#[$if])?
        #[doc = include_str!(concat!("../../", $path))]
        pub struct $name;
    )+};
}

documents! {
    Readme: "README.md";
    Dashboard: "docs/DASHBOARD.md";
    Collector: "docs/guide/collector.md";
    Configuration: "docs/guide/configuration.md";
    Cost: "docs/guide/cost.md";
    Delivery: "docs/guide/delivery.md";
    Dynatrace: "docs/guide/dynatrace.md";
    Health: "docs/guide/health.md";
    Instruments: "docs/guide/instruments.md";
    Naming: "docs/guide/naming.md";
    Percentiles: "docs/guide/percentiles.md";
    Pipeline: "docs/guide/pipeline.md";
    ShortLived: "docs/guide/short-lived.md";
    Shutdown: "docs/guide/shutdown.md";
    Testing: "docs/guide/testing.md";
    Troubleshooting: "docs/guide/troubleshooting.md";
    TurnOff: "docs/guide/turn-off.md";
    Package: "dt-metrics/README.md";
    LocalPackage: "dt-metrics-local/README.md";
    #[cfg(feature = "peers")]
    Migration: "docs/MIGRATION.md";
}
