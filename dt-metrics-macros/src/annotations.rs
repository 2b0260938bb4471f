//! The annotations of functions: what each takes and what it records.

use proc_macro2::TokenStream;

use crate::analyse::scope::Place;
use crate::emit::measure::{self, Part};
use crate::emit::record;
use crate::parse::args::{Annotation, Args, Argument};
use crate::parse::item::Function;

/// `#[counted]`.
pub(crate) const COUNTED: Annotation = Annotation {
    written: "#[counted]",
    takes: &[
        Argument::Name,
        Argument::Description,
        Argument::Unit,
        Argument::Dims,
        Argument::RetDims,
        Argument::By,
        Argument::Outcome,
        Argument::When,
        Argument::MaxSeries,
        Argument::Crate,
    ],
    needs: &[],
    outcome: false,
};

/// `#[timed]`.
pub(crate) const TIMED: Annotation = Annotation {
    written: "#[timed]",
    takes: &[
        Argument::Name,
        Argument::Description,
        Argument::TimeUnit,
        Argument::Boundaries,
        Argument::Dims,
        Argument::RetDims,
        Argument::Outcome,
        Argument::When,
        Argument::MaxSeries,
        Argument::Crate,
    ],
    needs: &[],
    outcome: false,
};

/// `#[in_flight]`.
pub(crate) const IN_FLIGHT: Annotation = Annotation {
    written: "#[in_flight]",
    takes: &[
        Argument::Name,
        Argument::Description,
        Argument::Unit,
        Argument::Dims,
        Argument::MaxSeries,
        Argument::Crate,
    ],
    needs: &[],
    outcome: false,
};

/// `#[recorded]`.
pub(crate) const RECORDED: Annotation = Annotation {
    written: "#[recorded]",
    takes: &[
        Argument::Name,
        Argument::Value,
        Argument::Description,
        Argument::Unit,
        Argument::Boundaries,
        Argument::Dims,
        Argument::RetDims,
        Argument::Outcome,
        Argument::When,
        Argument::MaxSeries,
        Argument::Crate,
    ],
    needs: &[Argument::Name, Argument::Value],
    outcome: false,
};

/// `#[measured]`.
pub(crate) const MEASURED: Annotation = Annotation {
    written: "#[measured]",
    outcome: true,
    ..TIMED
};

/// Counts the calls: on entry, unless how they end is asked for.
pub(crate) fn counted(args: &Args, function: Function) -> TokenStream {
    if measure::is_needed(args, &function) {
        return measure::measured(args, None, &[Part::Calls], function);
    }
    let entry = record::count(args, &Place::on(&function));
    function.entered(&entry)
}

/// Times the calls, from entry to the end of the body by any way.
pub(crate) fn timed(args: &Args, function: Function) -> TokenStream {
    if measure::is_needed(args, &function) {
        return measure::measured(args, None, &[Part::Duration], function);
    }
    let timer = record::time(args, &Place::on(&function));
    function.guarded(&timer)
}

/// Counts the calls that are going on.
pub(crate) fn in_flight(args: &Args, function: Function) -> TokenStream {
    if measure::is_needed(args, &function) {
        return measure::measured(args, None, &[Part::InFlight], function);
    }
    let entered = record::enter(args, &Place::on(&function));
    function.guarded(&entered)
}

/// Records a value of each call that returns.
pub(crate) fn recorded(args: &Args, function: Function) -> TokenStream {
    measure::measured(args, None, &[Part::Value], function)
}

/// Counts the calls, times them, and counts those that are going on.
pub(crate) fn measured(args: &Args, function: Function) -> TokenStream {
    measured_of(args, None, function)
}

/// The same of a function of the type `ty`.
pub(crate) fn measured_of(args: &Args, ty: Option<&str>, function: Function) -> TokenStream {
    let all = [Part::Calls, Part::Duration, Part::InFlight];
    measure::measured(args, ty, &all, function)
}
