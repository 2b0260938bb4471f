//! The documents about frameworks, whose code compiles and runs; `tests/tests/documents/` checks that all
//! documents are here or in `tests/src/lib.rs`.

macro_rules! documents {
    ($($name:ident: $path:literal;)+) => {$(
        #[cfg(doctest)]
        #[doc = include_str!(concat!("../../", $path))]
        pub struct $name;
    )+};
}

documents! {
    Actix: "docs/guide/actix.md";
    Axum: "docs/guide/axum.md";
    TowerAndTonic: "docs/guide/tower-and-tonic.md";
    Recorder: "integrations/dt-metrics-recorder/README.md";
    System: "integrations/dt-metrics-system/README.md";
    Tower: "integrations/dt-metrics-tower/README.md";
}
