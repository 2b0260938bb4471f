//! The annotations of functions: the arguments of each, and the metrics that it records.

use proc_macro2::TokenStream;
use syn::Result;

use crate::analyse::mistake;
use crate::analyse::scope::Place;
use crate::analyse::shape::check_stream;
use crate::emit::body::{entered, guarded};
use crate::emit::measure::{held, is_needed, measured};
use crate::emit::metric::Metric;
use crate::emit::record::record;
use crate::expander::Expander;
use crate::parse::annotation::{Annotation, Argument};
use crate::parse::args::Args;
use crate::parse::item::{Function, Item};
use crate::report::{self, Report};

/// An annotation of functions.
pub(crate) struct OnFunction {
    pub(crate) annotation: Annotation,
    metrics: &'static [Metric],
}

/// `#[counted]`.
pub(crate) const COUNTED: OnFunction = OnFunction {
    annotation: Annotation {
        written: "#[counted]",
        takes: &[
            Argument::Name,
            Argument::Description,
            Argument::Unit,
            Argument::Dims,
            Argument::RetDims,
            Argument::By,
            Argument::Outcome,
            Argument::ErrIf,
            Argument::When,
            Argument::CardinalityLimit,
            Argument::Crate,
        ],
        needs: &[],
        outcome: false,
    },
    metrics: &[Metric::Calls],
};

/// `#[timed]`.
pub(crate) const TIMED: OnFunction = OnFunction {
    annotation: Annotation {
        written: "#[timed]",
        takes: &[
            Argument::Name,
            Argument::Description,
            Argument::TimeUnit,
            Argument::Boundaries,
            Argument::Dims,
            Argument::RetDims,
            Argument::Outcome,
            Argument::ErrIf,
            Argument::When,
            Argument::CardinalityLimit,
            Argument::Crate,
        ],
        needs: &[],
        outcome: false,
    },
    metrics: &[Metric::Duration],
};

/// `#[in_flight]`.
pub(crate) const IN_FLIGHT: OnFunction = OnFunction {
    annotation: Annotation {
        written: "#[in_flight]",
        takes: &[
            Argument::Name,
            Argument::Description,
            Argument::Unit,
            Argument::Dims,
            Argument::CardinalityLimit,
            Argument::Crate,
        ],
        needs: &[],
        outcome: false,
    },
    metrics: &[Metric::InFlight],
};

/// `#[recorded]`.
pub(crate) const RECORDED: OnFunction = OnFunction {
    annotation: Annotation {
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
            Argument::ErrIf,
            Argument::When,
            Argument::CardinalityLimit,
            Argument::Crate,
        ],
        needs: &[Argument::Name, Argument::Value],
        outcome: false,
    },
    metrics: &[Metric::Values],
};

/// `#[measured]`.
pub(crate) const MEASURED: OnFunction = OnFunction {
    annotation: Annotation {
        written: "#[measured]",
        takes: &[
            Argument::Name,
            Argument::Description,
            Argument::TimeUnit,
            Argument::Boundaries,
            Argument::Dims,
            Argument::RetDims,
            Argument::Outcome,
            Argument::ErrIf,
            Argument::When,
            Argument::Duration,
            Argument::InFlight,
            Argument::Objective,
            Argument::CardinalityLimit,
            Argument::Crate,
        ],
        needs: &[],
        outcome: true,
    },
    metrics: &[Metric::Calls, Metric::Duration, Metric::InFlight],
};

impl OnFunction {
    /// The annotated item, or the messages about its mistakes.
    pub(crate) fn expand(&self, args: TokenStream, item: TokenStream) -> TokenStream {
        self.try_expand(args, item.clone())
            .unwrap_or_else(|error| report::untouched(item, &error))
    }

    fn try_expand(&self, args: TokenStream, item: TokenStream) -> Result<TokenStream> {
        let mut report = Report::default();
        let mut args = Args::parse(args, &self.annotation, &mut report);
        args.complete(&self.annotation, &mut report);
        let parsed = Item::parse(item.clone());
        if parsed.is_err() && mistake::has_incomplete_parameter(&item) {
            report.finish()?;
            return Ok(item);
        }
        let function = report.note(parsed.and_then(|item| item.function(&self.annotation)));
        if let Some(function) = &function {
            report.note(args.check_when(&function.sig.output));
            report.note(args.check_self(&function.sig));
            report.note(check_stream(&args, function));
        }
        report.finish()?;
        Ok(function.map_or_else(TokenStream::new, |function| {
            self.quote(&args, None, function)
        }))
    }

    /// The function with its calls recorded. It is in an `impl` block of the type `ty` if there is
    /// one.
    ///
    /// In the documentation, and if the compiler refuses it anyway, the function is the one that was
    /// written.
    pub(crate) fn quote(&self, args: &Args, ty: Option<&str>, function: Function) -> TokenStream {
        if Expander::current() == Expander::Rustdoc || mistake::is_certain(&function) {
            return function.untouched();
        }
        let [metric] = self.metrics else {
            let metrics = self.metrics.iter().copied();
            let metrics: Vec<Metric> = metrics
                .filter(|metric| is_recorded(*metric, args))
                .collect();
            return measured(args, ty, &metrics, true, function);
        };
        // Clippy judges the whole body of some methods, and less of a body behind a guard.
        let is_guarded = !matches!(metric, Metric::Calls | Metric::Values);
        if is_needed(args, &function)
            || function.has_canonical_body()
            || is_guarded && Expander::current() == Expander::Clippy
        {
            return measured(args, ty, self.metrics, false, function);
        }
        let record = || record(*metric, args, &Place::on(&function, ty));
        let block = if is_guarded {
            let guard = held(args, ty, *metric, &function).unwrap_or_else(record);
            guarded(&function.body, &guard)
        } else {
            entered(&function.body, &record())
        };
        function.with(block)
    }
}

/// Whether no argument leaves `metric` out.
fn is_recorded(metric: Metric, args: &Args) -> bool {
    match metric {
        Metric::Duration => args.records_duration(),
        Metric::InFlight => args.records_in_flight(),
        _ => true,
    }
}
