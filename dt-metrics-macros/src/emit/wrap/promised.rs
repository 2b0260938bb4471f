//! Calls that return a future or a stream, if the type keeps the promise of the signature that it is one.

use proc_macro2::TokenStream;
use syn::Type;

use super::function::Wrapped;
use crate::analyse::promise::{Promise, RETURNED};
use crate::tokens::{Private, emit, ident};

/// A call that returns a future, if the type is one, with a value of this type if it is known.
pub(super) fn future(
    wrapped: &mut Wrapped<'_>,
    value: Option<&Type>,
    promise: &Promise,
) -> TokenStream {
    let Wrapped { private, ends, .. } = *wrapped;
    let body = wrapped.closure_variable();
    let entry = wrapped.entry();
    // A type that is written here inside `<…>` would change the compiler's advice if it is unknown.
    let returns = if value.is_some() {
        // The closure for the end has it as the type of its parameter.
        emit!(#private::Returns::new())
    } else {
        emit!(#private::FutureBody::of(&__dt_metrics_body).__dt_metrics_returns())
    };
    let recording = ends.recording(private, value);
    let records = ends.function_of_library("recording");
    let run = run_as_far(private, promise);
    emit! {
        #entry
        #body
        let __dt_metrics_call = #private::#records(#returns, #recording)
            .__dt_metrics_future(__dt_metrics_body);
        #run
    }
}

/// A call that returns a stream, if the type is one, with items of this type if it is known.
pub(super) fn stream(
    wrapped: &mut Wrapped<'_>,
    item: Option<&Type>,
    promise: &Promise,
) -> TokenStream {
    let Wrapped { private, ends, .. } = *wrapped;
    let body = wrapped.closure_variable();
    let entry = wrapped.entry();
    let returns = item.map_or_else(
        || emit!(#private::StreamBody::of(&__dt_metrics_body).__dt_metrics_returns()),
        |item| emit!(#private::Returns::of(|_: &#item| {})),
    );
    let recording = ends.recording(private, item);
    let records = ends.function_of_library("recording");
    let run = run_as_far(private, promise);
    let by_type = ends.judge_by_type(
        private,
        &emit!(#private::OutcomeOf::of_items(&__dt_metrics_returns)),
    );
    let judge = match &ends.judge {
        None => by_type,
        Some(condition) if ends.copied.captures => {
            emit!(#private::judged_by(&__dt_metrics_returns, #by_type, #condition))
        }
        Some(condition) => {
            let copied = &ends.copied.variables;
            emit! {
                #private::judged_by_pointer(
                    &__dt_metrics_returns,
                    #by_type,
                    (#(#copied,)*),
                    #condition,
                )
            }
        }
    };
    emit! {
        #entry
        #body
        let __dt_metrics_returns = #returns;
        let __dt_metrics_judge = #judge;
        let __dt_metrics_call = #private::#records(__dt_metrics_returns, #recording)
            .__dt_metrics_stream(__dt_metrics_body, __dt_metrics_judge);
        #run
    }
}

/// Runs `__dt_metrics_call`, and measures it to its end if the result keeps the function's promise.
fn run_as_far(private: &Private, promise: &Promise) -> TokenStream {
    let parameters = promise.parameters();
    let (types, arguments) = (promise.types(), promise.arguments());
    let returned = ident(RETURNED);
    emit! {
        let __dt_metrics_extent = {
            trait __DtMetricsPromised {
                fn __dt_metrics_extent(&self) -> #private::ToItsEnd {
                    #private::ToItsEnd
                }
            }
            impl<#parameters M: #promise, F, #returned> __DtMetricsPromised
                for #private::Promised<(#(::core::marker::PhantomData<#types>,)*), M, F, #returned>
            {
            }
            #private::Promised::<(#(::core::marker::PhantomData<#arguments>,)*), _, _, _>::by(
                &__dt_metrics_call,
            )
            .__dt_metrics_extent()
        };
        #private::Extent::__dt_metrics_run(__dt_metrics_extent, __dt_metrics_call)
    }
}
