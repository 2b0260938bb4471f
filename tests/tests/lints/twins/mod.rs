//! Functions that clippy lints: an annotated function has the same lints as a bare function.
//!
//! Each `#[expect]` also holds without the annotation. In other places, clippy would lint the
//! annotated function and not the bare function.
//!
//! The files are compiled once for each annotation, under the name `annotated`.

/// The functions, with one annotation.
macro_rules! twins {
    ($(#[doc = $doc:literal])* $module:ident: $annotation:path) => {
        $(#[doc = $doc])*
        pub mod $module {
            use $annotation as annotated;

            /// By body.
            mod bodies {
                include!("bodies.rs");
            }

            /// That other crates may call.
            pub mod exported {
                include!("exported.rs");
            }
        }
    };
}

twins! {
    /// `#[counted]`.
    counted: dt_metrics::counted
}
twins! {
    /// `#[timed]`.
    timed: dt_metrics::timed
}
twins! {
    /// `#[in_flight]`.
    in_flight: dt_metrics::in_flight
}
twins! {
    /// `#[measured]`.
    measured: dt_metrics::measured
}

#[test]
fn numbers_go_on() {
    assert_eq!(counted::exported::next_id(), Some(0));
    assert_eq!(measured::exported::next_id(), Some(0));
}
