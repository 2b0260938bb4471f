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
    Guide: "docs/GUIDE.md";
    Dashboard: "docs/DASHBOARD.md";
    Package: "dt-metrics/README.md";
    LocalPackage: "dt-metrics-local/README.md";
    #[cfg(feature = "peers")]
    Migration: "docs/MIGRATION.md";
}
