//! The guide: tasks, reference and explanations. The pages are also in the folder `docs/` of the repository.
//!
//! **Tasks**
//!
//! - Choose: [an instrument](instruments), [names](naming), [dimensions, and their cost](cost),
//!   [percentiles]
//! - Send: [to Dynatrace](dynatrace), through [OneAgent](oneagent), from [Kubernetes](kubernetes), through a
//!   [Collector](collector), with [a TLS backend of your choice](tls)
//! - Use with: [axum], [tower and tonic](tower_and_tonic), [actix-web](actix),
//!   [jobs and Lambda](short_lived)
//! - Operate: [test](testing), [shut down](shutdown), [turn off](turn_off), [a dashboard](dashboard)
//! - Come from [another library](migration)
//!
//! **Reference**: [configuration], [health and drop reasons](health), [troubleshooting], [compatibility]
//!
//! **Explanation**: [the pipeline](pipeline), [delivery], [performance], [fleet sizing](fleet)

/// A module for each page. The links in a page have their targets in `docs/links.txt` here, and at the
/// end of the page in the repository.
macro_rules! pages {
    ($($name:ident = $path:literal;)*) => {$(
        #[doc = include_str!("../docs/links.txt")]
        #[doc = ""]
        #[doc = include_str!(concat!("../docs/", $path))]
        pub mod $name {}
    )*};
}

pages! {
    actix = "guide/actix.md";
    axum = "guide/axum.md";
    collector = "guide/collector.md";
    compatibility = "guide/compatibility.md";
    configuration = "guide/configuration.md";
    cost = "guide/cost.md";
    dashboard = "more/DASHBOARD.md";
    delivery = "guide/delivery.md";
    dynatrace = "guide/dynatrace.md";
    fleet = "more/FLEET.md";
    health = "guide/health.md";
    instruments = "guide/instruments.md";
    kubernetes = "guide/kubernetes.md";
    migration = "more/MIGRATION.md";
    naming = "guide/naming.md";
    oneagent = "guide/oneagent.md";
    percentiles = "guide/percentiles.md";
    performance = "more/PERFORMANCE.md";
    pipeline = "guide/pipeline.md";
    short_lived = "guide/short-lived.md";
    shutdown = "guide/shutdown.md";
    testing = "guide/testing.md";
    tls = "guide/tls.md";
    tower_and_tonic = "guide/tower-and-tonic.md";
    troubleshooting = "guide/troubleshooting.md";
    turn_off = "guide/turn-off.md";
}
