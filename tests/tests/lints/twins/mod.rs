//! Functions that clippy has something to say about: the same of an annotated one as of a bare one.
//!
//! Each `#[expect]` holds without the annotation, too. In other places, the annotated function would
//! give clippy a reason that the bare one does not.
//!
//! The files are compiled once for each annotation, under the name `annotated`.

/// The functions, with one annotation.
macro_rules! twins {
    ($(#[doc = $doc:literal])* $module:ident: $annotation:path) => {
        $(#[doc = $doc])*
        pub mod $module {
            use $annotation as annotated;

            /// By what they do.
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
