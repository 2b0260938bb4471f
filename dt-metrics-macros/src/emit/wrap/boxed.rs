//! Calls that return a boxed future: that of the body if the body is one `Box::pin(…)`, or one that the library
//! recognises by the returned type.

use proc_macro2::TokenStream;
use syn::Type;

use super::function::Wrapped;
use crate::analyse::boxed::Boxed;
use crate::analyse::return_type::closure_output;
use crate::emit::take_over::Target;
use crate::tokens::{at, emit};

/// The body where it is, with its future measured before that is in its box.
pub(super) fn boxed(wrapped: &mut Wrapped<'_>, future: Boxed, value: Option<&Type>) -> TokenStream {
    let Wrapped { private, ends, .. } = *wrapped;
    let entry = &ends.entry;
    let recording = ends.recording(private, value);
    let inner = future.future();
    let measured = if value.is_some() {
        let pinned = emit!(#private::PinnedFuture::new(#recording));
        measured_in_place(inner, &pinned)
    } else {
        emit!(#private::measured_capturing(#inner, #recording))
    };
    let body = future.with(&wrapped.function.body, measured);
    emit!(#entry #[cfg(all())] #body)
}

/// A call that returns a boxed future, if the type is one. The library decides by the type; if
/// the body boxes a `future`, that future is measured before it is boxed.
pub(super) fn by_type(wrapped: &mut Wrapped<'_>, future: Option<Boxed>) -> TokenStream {
    let Wrapped { private, ends, .. } = *wrapped;
    let recording = (!ends.at_site).then(|| ends.recording(private, None));
    let judge = ends.judge_by_type(private, &emit!(__dt_metrics_call.__dt_metrics_value()));
    // The condition is not evaluated for the items of a boxed stream.
    let check = ends.err_if.as_ref().map(|err_if| {
        let judged = at(err_if, &emit!(&__dt_metrics_judged));
        emit! {
            let __dt_metrics_judged = __dt_metrics_call.__dt_metrics_judged();
            #private::judged(#judged);
        }
    });
    let Some(future) = future else {
        let body = wrapped.closure_variable();
        let entry = wrapped.entry();
        let run = if ends.at_site {
            emit! {
                __dt_metrics_call.__dt_metrics_run_at(
                    __dt_metrics_instruments,
                    #judge,
                    __dt_metrics_body,
                )
            }
        } else {
            emit! {
                __dt_metrics_call.__dt_metrics_run(#recording, #judge, __dt_metrics_body)
            }
        };
        let run = at(&wrapped.function.body, &run);
        return emit! {
            #entry
            #body
            let __dt_metrics_call = #private::call_of(&__dt_metrics_body).__dt_metrics_kind();
            #check
            #run
        };
    };
    let output = closure_output(&wrapped.function.sig.output);
    let taken = wrapped.taken(Target::Closure);
    let entry = wrapped.entry();
    let inner = future.future();
    let measured = measured_in_place(inner, &emit!(__dt_metrics_pinned));
    let body = future.with(&wrapped.function.body, measured);
    let closure = wrapped.closure_with(
        &emit!(__dt_metrics_pinned),
        Some(&emit!(-> #output)),
        &taken,
        &body,
    );
    let run = emit! {
        __dt_metrics_call.__dt_metrics_pin(#recording, #judge, #closure)
    };
    let run = at(&wrapped.function.body, &run);
    emit! {
        #entry
        let __dt_metrics_call =
            #private::call_of(&|| -> #output { #private::never() }).__dt_metrics_kind();
        #check
        #run
    }
}

/// `future`, measured as `pinned` requires. If it does not have the return type of the function, it
/// stays unchanged, so that the compiler reports the same error as without an annotation.
///
/// Temporaries of the expression live as long as without the `match`.
fn measured_in_place(future: &TokenStream, pinned: &TokenStream) -> TokenStream {
    emit! {
        match #future {
            __dt_metrics_future => {
                let __dt_metrics_pinned = #pinned;
                __dt_metrics_pinned
                    .__dt_metrics_probe(&__dt_metrics_future)
                    .__dt_metrics_measured(__dt_metrics_future, __dt_metrics_pinned)
            }
        }
    }
}
