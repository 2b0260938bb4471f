//! Calls that are over when the function returns.

use proc_macro2::TokenStream;
use syn::ReturnType;

use super::function::{Wrapped, returned_as};
use crate::analyse::boxed::is_straight;
use crate::analyse::return_type::{Output, can_be_told, closure_output, has_impl, mentions_result};
use crate::emit::at_end::outcome_of_returned;
use crate::emit::body::guarded;
use crate::emit::ends::{Asks, Ends, outcome_type};
use crate::parse::item::Function;
use crate::tokens::{any, emit, is_punct};

/// How the end of a call is seen.
enum View {
    /// By a guard, which sees only whether the call panics.
    Guard,
    /// By a guard that receives the returned value at the end of the body.
    ToldGuard,
    /// By a function that runs the body as a closure.
    Closure,
}

impl View {
    fn of(asks: Asks, output: Output, function: &Function) -> Self {
        let returned = &function.sig.output;
        match (asks, output) {
            // During another panic, a guard that receives the value cannot detect a second panic.
            (Asks::Outcome, Output::Plain) if is_straight(function.body.stream()) => {
                Self::ToldGuard
            }
            // If `impl Fn` is returned, the type of that closure may follow from where it is.
            (Asks::Nothing, _) | (Asks::Outcome, Output::Plain | Output::Opaque) => Self::Guard,
            // As a closure, the body would hide the caller.
            (Asks::Outcome, _) if function.tracks_caller() => {
                if can_be_told(returned) && is_straight(function.body.stream()) {
                    Self::ToldGuard
                } else if mentions_result(returned) {
                    Self::Closure
                } else {
                    Self::Guard
                }
            }
            (Asks::Outcome | Asks::Returned, _) => Self::Closure,
        }
    }
}

/// A call that is over when the function returns.
pub(super) fn call(wrapped: &mut Wrapped<'_>, output: Output) -> TokenStream {
    let Wrapped { private, ends, .. } = *wrapped;
    let Ends { entry, begin, .. } = ends;
    let leave = (!ends.at_site).then(|| ends.leave_closure(private));
    let tell = (!ends.at_site).then(|| {
        let takes = (ends.asks == Asks::Returned).then(|| emit!(move));
        let tell = ends.tell_closure(None);
        emit!(#takes #tell)
    });
    let body = &wrapped.function.body;
    match View::of(ends.asks, output, &wrapped.function) {
        View::Guard => {
            let outcome = emit!(#private::Outcome::Ok);
            let guard = if !ends.at_site {
                emit!(#private::Guard::<(), _, _>::new(#begin, #leave, #outcome))
            } else if ends.asks == Asks::Nothing {
                emit!(#private::held(#private::At(__dt_metrics_instruments)))
            } else {
                emit!(#private::guard_at(__dt_metrics_instruments, #outcome))
            };
            guarded(body, &emit!({ #entry #guard }))
        }
        View::ToldGuard => {
            let ty = closure_output(&wrapped.function.sig.output);
            // An early end, but for a panic, is that of a `?`.
            let has_early_end = any(&wrapped.function.body, |_, token| is_punct(token, '?'));
            let outcome = if has_early_end {
                emit!(#private::Returns::<#ty>::new().__dt_metrics_outcome_of_question_mark())
            } else {
                emit!(#private::Outcome::Panic)
            };
            let guard = if ends.at_site {
                emit!(#private::guard_at(__dt_metrics_instruments, #outcome))
            } else {
                emit!(#private::Guard::<#ty, _, _>::new(#begin, #leave, #outcome))
            };
            let end = if !ends.at_site {
                emit!(tell(&__dt_metrics_returned, #tell))
            } else if matches!(output, Output::Plain) {
                emit!(__dt_metrics_end(#private::Outcome::Ok))
            } else {
                let outcome = outcome_of_returned(private);
                emit! {
                    __dt_metrics_end({
                        let __dt_metrics_returned = &__dt_metrics_returned;
                        #outcome
                    })
                }
            };
            // The other branch keeps the rest reachable, for the compiler, if the body diverges.
            let value = emit! {
                // A body that never ends would make the statements behind it unreachable.
                if true {
                    #[cfg(all())] #body
                } else {
                    #private::never()
                }
            };
            let value = returned_as(&wrapped.function.sig.output, &value);
            emit! {
                {
                    let __dt_metrics_guard = { #entry #guard };
                    let __dt_metrics_returned: #ty = #value;
                    __dt_metrics_guard.#end;
                    __dt_metrics_returned
                }
            }
        }
        View::Closure if ends.at_site && has_written_arguments(&wrapped.function.sig.output) => {
            let ty = closure_output(&wrapped.function.sig.output);
            let body = wrapped.closure();
            let entry = wrapped.entry();
            let judge = ends.judge_by_type(private, &outcome_type(private, ty.as_ref()));
            emit!(#entry #private::run_at(__dt_metrics_instruments, #judge, #body))
        }
        View::Closure if ends.at_site => {
            let body = wrapped.closure_variable();
            let entry = wrapped.entry();
            let judge =
                ends.judge_by_type(private, &emit!(#private::OutcomeOf::of(&__dt_metrics_body)));
            emit! {
                #entry
                #body
                #private::run_at(__dt_metrics_instruments, #judge, __dt_metrics_body)
            }
        }
        View::Closure if matches!(output, Output::Opaque) => {
            let body = wrapped.closure();
            let entry = wrapped.entry();
            emit!(#entry #private::run(#body, #begin, #leave, #tell))
        }
        View::Closure => {
            let body = wrapped.closure_variable();
            let entry = wrapped.entry();
            emit!(#entry #body #private::run(__dt_metrics_body, #begin, #leave, #tell))
        }
    }
}

/// Whether the type is written with arguments, such as `Result<T, E>`, and has no `impl Trait`. Then the compiler
/// need not find it out by the closure with the body, which would take two more functions for each body.
fn has_written_arguments(output: &ReturnType) -> bool {
    let ty = closure_output(output).filter(|_| !has_impl(output));
    ty.is_some_and(|ty| any(&ty, |_, token| is_punct(token, '<')))
}
