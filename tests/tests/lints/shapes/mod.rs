//! Functions of every shape, each with every annotation: clean under the lints of this crate, and
//! recorded exactly once, however a call ends.
//!
//! The files are compiled once for each annotation, under the name `annotated`.

mod ends;

/// The shapes, with one annotation.
macro_rules! shapes {
    ($(#[doc = $doc:literal])* $module:ident: $annotation:path, [$($instrument:ident),*], $outcome:literal) => {
        $(#[doc = $doc])*
        mod $module {
            use $annotation as annotated;

            /// The metrics of the annotation.
            const RECORDS: super::ends::Records = super::ends::Records {
                instruments: &[$(super::ends::Instrument::$instrument),*],
                outcome: $outcome,
            };

            /// By parameters.
            mod parameters {
                include!("parameters.rs");
            }

            /// By return type.
            mod returns {
                include!("returns.rs");
            }

            /// By where they stand.
            mod places {
                include!("places.rs");
            }

            /// By attributes.
            mod attributes {
                include!("attributes.rs");
            }

            /// That are futures.
            mod asynchronous {
                include!("asynchronous.rs");
            }

            /// That return boxed futures.
            mod boxed {
                include!("boxed.rs");
            }

            /// That macros write.
            mod written {
                include!("written.rs");
            }

            /// By how they end.
            mod exits {
                include!("exits.rs");
            }
        }
    };
}

shapes! {
    /// `#[counted]`.
    counted: dt_metrics::counted, [Calls], false
}
shapes! {
    /// `#[timed]`.
    timed: dt_metrics::timed, [Duration], false
}
shapes! {
    /// `#[in_flight]`.
    in_flight: dt_metrics::in_flight, [InFlight], false
}
shapes! {
    /// `#[measured]`.
    measured: dt_metrics::measured, [Calls, Duration, InFlight], true
}
