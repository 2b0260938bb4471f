//! Functions with something done when a call begins and when it ends.

use proc_macro2::{Ident, Punct, Spacing, TokenStream};
use quote::ToTokens;
use syn::{ReturnType, Signature, Type, parse_quote};

use super::as_written::{as_written, entry};
use super::at_end::outcome_of_returned;
use super::body::guarded;
use super::ends::{Asks, Ends};
use super::take_over::{Taken, Target, Used, take_over};
use crate::analyse::boxed::{Boxed, is_straight};
use crate::analyse::promise::Promise;
use crate::analyse::return_type::{
    Output, can_be_told, closure_output, closure_promise, has_impl, mentions_result, written,
};
use crate::analyse::shape::Shape;
use crate::expander::Expander;
use crate::parse::item::{Function, awaiting, is_ours};
use crate::tokens::{any, emit, is_punct, ours};

/// The function with `ends` around its calls; for clippy, the function as it was written.
pub(crate) fn wrap(
    private: &TokenStream,
    shape: Shape,
    function: Function,
    ends: &Ends,
) -> TokenStream {
    if Expander::current() == Expander::Clippy
        && let Some(entry) = entry(private, &shape, &function, ends)
    {
        return as_written(function, &entry);
    }
    let mut wrap = Wrap {
        private,
        function,
        ends,
    };
    let block = match shape {
        Shape::Call(output) => wrap.call(output),
        Shape::Async(output) => wrap.async_fn(output),
        Shape::Future { value, promise } => wrap.future(value.as_ref(), &promise),
        Shape::Stream { item, promise } => wrap.stream(item.as_ref(), &promise),
        Shape::Boxed { future, value } => wrap.boxed(future, value.as_ref()),
        Shape::ByType { future } => wrap.by_type(future),
    };
    wrap.function.with(block)
}

/// How the end of a call is seen.
enum View {
    /// By a guard, which sees only whether the call panics.
    Guard,
    /// By a guard that is told at the end of the body which value it returned.
    ToldGuard,
    /// By a function that runs the body as a closure.
    Closure,
}

impl View {
    fn of(asks: Asks, output: Output, function: &Function) -> Self {
        let returned = &function.sig.output;
        match (asks, output) {
            // A guard that is told does not take a panic for an end if another panic goes on.
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

/// The return type of a function that has `signature` without its `async`: a future with a value of
/// the type `ty`.
///
/// The type begins and ends where the written one does: thus the compiler's messages about the
/// signature show all of it, and not the annotation. In the edition of this crate, it captures all
/// lifetimes, as the future of an `async fn` does.
fn future_of(signature: &Signature, ty: Option<&TokenStream>) -> ReturnType {
    let written = written(&signature.output).map(ToTokens::to_token_stream);
    let mut places = written.into_iter().flatten().map(|token| token.span());
    let close = signature.paren_token.span.close();
    let first = places.next().unwrap_or(close);
    let keyword = Ident::new("impl", ours().located_at(first));
    let mut end = Punct::new('>', Spacing::Alone);
    end.set_span(places.last().unwrap_or(first));
    let future = emit!(-> #keyword ::core::future::Future<Output = #ty #end);
    parse_quote!(#future)
}

struct Wrap<'a> {
    private: &'a TokenStream,
    function: Function,
    ends: &'a Ends,
}

impl Wrap<'_> {
    /// A call that is over when the function returns.
    fn call(&mut self, output: Output) -> TokenStream {
        let Self { private, ends, .. } = *self;
        let Ends { entry, begin, .. } = ends;
        let (leave, tell) = (self.leave(), self.tell(None));
        let body = &self.function.body;
        match View::of(ends.asks, output, &self.function) {
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
                let ty = closure_output(&self.function.sig.output);
                // An early end, but for a panic, is that of a `?`.
                let has_early_end = any(&self.function.body, |_, token| is_punct(token, '?'));
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
                emit! {
                    {
                        let __dt_metrics_guard = { #entry #guard };
                        // A body that never ends would make the statements behind it unreachable.
                        let __dt_metrics_returned: #ty = if true {
                            #[cfg(all())] #body
                        } else {
                            #private::never()
                        };
                        __dt_metrics_guard.#end;
                        __dt_metrics_returned
                    }
                }
            }
            View::Closure if ends.at_site => {
                let body = self.closure_variable();
                let judge = self.judge(&emit!(#private::OutcomeOf::of(&__dt_metrics_body)));
                emit! {
                    #entry
                    #body
                    #private::run_at(__dt_metrics_instruments, #judge, __dt_metrics_body)
                }
            }
            View::Closure if matches!(output, Output::Opaque) => {
                let body = self.closure();
                emit!(#entry #private::run(#body, #begin, #leave, #tell))
            }
            View::Closure => {
                let body = self.closure_variable();
                emit!(#entry #body #private::run(__dt_metrics_body, #begin, #leave, #tell))
            }
        }
    }

    /// The body as a future, in an `async fn` or in a function that returns that future.
    fn async_fn(&mut self, output: Output) -> TokenStream {
        let Self { private, ends, .. } = *self;
        let Ends {
            entry, begin, uses, ..
        } = ends;
        let at_end = self.at_end(None);
        let awaited = self.function.awaits_measured();
        let taken = awaited.is_none().then(|| self.taken(Target::Future));
        let has_patterns = taken.as_ref().is_some_and(|taken| taken.has_patterns);
        let taken = taken.map(|taken| taken.statements);
        let body = &self.function.body;
        if let Output::Never = output {
            if ends.at_site {
                return emit! {
                    #entry
                    let __dt_metrics_future = #private::diverging(async move { #taken #[cfg(all())] #body });
                    match #private::measured_at(
                        __dt_metrics_future,
                        __dt_metrics_instruments,
                        #private::Items,
                    ).await {}
                };
            }
            return emit! {
                #entry
                let __dt_metrics_future = #private::diverging(async move { #taken #[cfg(all())] #body });
                match #private::measured(__dt_metrics_future, move || #begin, #at_end).await {}
            };
        }
        // An `async` block cannot have a return type: this tells the compiler.
        let returned = &self.function.sig.output;
        let ty = closure_output(returned);
        let hint = ty
            .as_ref()
            .map(|ty| emit!(if false { return #private::never::<#ty>(); }));
        let mut future = awaited.map_or_else(
            || emit!(async move { #hint #taken #[cfg(all())] #body }),
            |future| emit!({ #future }),
        );
        let mut entry = entry.clone();
        if has_impl(returned) {
            // Clippy reads this function, and may take the block for the mistake.
            entry.extend(emit! {
                #[allow(clippy::async_yields_async)]
                let __dt_metrics_future = #future;
            });
            future = emit!(__dt_metrics_future);
        }
        let measured = if !ends.at_site {
            emit!(#private::measured(#future, move || #begin, #at_end))
        } else if matches!(output, Output::Plain) {
            emit!(#private::measured_at(#future, __dt_metrics_instruments, #private::Items))
        } else if has_impl(returned) {
            let judge = self.judge_by_value();
            emit!(#private::measured_by(#future, __dt_metrics_instruments, #judge))
        } else {
            let judge = self.judge(&emit!(#private::OutcomeOf::<#ty>::new()));
            emit!(#private::measured_at(#future, __dt_metrics_instruments, #judge))
        };
        let measured = emit!(#entry #measured);
        // What patterns in the signature do not bind, the future of an `async fn` keeps.
        if !uses.is_empty() || has_impl(returned) || has_patterns {
            return emit!(#measured.await);
        }
        if !self.function.can_return_future() {
            return awaiting(&measured);
        }
        self.function.sig.asyncness = None;
        self.function.sig.output = future_of(&self.function.sig, ty.as_ref());
        measured
    }

    /// A call that returns a future if the type says so, with a value of this type if that is known.
    fn future(&mut self, value: Option<&Type>, promise: &Promise) -> TokenStream {
        let Self { private, ends, .. } = *self;
        let Ends { entry, begin, .. } = ends;
        let body = self.closure_variable();
        let returns = returns(value, &emit!(#private::FutureBody), private);
        let at_end = self.at_end(value);
        let run = run_as_far(private, promise);
        emit! {
            #entry
            #body
            let __dt_metrics_call =
                #private::future_call(#returns, __dt_metrics_body, move || #begin, #at_end);
            #run
        }
    }

    /// A call that returns a stream if the type says so, with items of this type if that is known.
    fn stream(&mut self, item: Option<&Type>, promise: &Promise) -> TokenStream {
        let Self { private, ends, .. } = *self;
        let Ends { entry, begin, .. } = ends;
        let body = self.closure_variable();
        let returns = returns(item, &emit!(#private::StreamBody), private);
        let at_end = self.at_end(item);
        let run = run_as_far(private, promise);
        let by_type = emit!(__dt_metrics_returns.__dt_metrics_judge());
        let judge = match &ends.judge {
            None => by_type,
            Some(condition) => {
                emit!(#private::judged_by(&__dt_metrics_returns, #by_type, #condition))
            }
        };
        emit! {
            #entry
            #body
            let __dt_metrics_returns = #returns;
            let __dt_metrics_judge = #judge;
            let __dt_metrics_call = #private::stream_call(
                __dt_metrics_returns,
                __dt_metrics_body,
                move || #begin,
                #at_end,
                __dt_metrics_judge,
            );
            #run
        }
    }

    /// The body where it is, with its future measured before that is in its box.
    fn boxed(&mut self, future: Boxed, value: Option<&Type>) -> TokenStream {
        let Ends { entry, .. } = self.ends;
        let measured = self.measured(future.future(), value);
        let body = future.with(&self.function.body, measured);
        emit!(#entry #[cfg(all())] #body)
    }

    /// A call that returns a boxed future if the type says so. The library decides by the type; if
    /// the body has a `future` that it puts in a box, that is measured before.
    fn by_type(&mut self, future: Option<Boxed>) -> TokenStream {
        let Self { private, ends, .. } = *self;
        let Ends { entry, begin, .. } = ends;
        let at_end = self.at_end(None);
        let Some(future) = future else {
            let body = self.closure_variable();
            if ends.at_site {
                let judge = self.judge(&emit!(__dt_metrics_call.__dt_metrics_value()));
                return emit! {
                    #entry
                    #body
                    let __dt_metrics_call = #private::Call::of(&__dt_metrics_body).__dt_metrics_kind();
                    __dt_metrics_call.__dt_metrics_run_at(
                        __dt_metrics_instruments,
                        #judge,
                        __dt_metrics_body,
                    )
                };
            }
            return emit! {
                #entry
                #body
                #private::Call::of(&__dt_metrics_body)
                    .__dt_metrics_kind()
                    .__dt_metrics_run(move || #begin, #at_end, __dt_metrics_body)
            };
        };
        let output = closure_output(&self.function.sig.output);
        let taken = self.taken(Target::Closure).statements;
        let inner = future.future();
        let measured = emit!(__dt_metrics_pinned.__dt_metrics_measured(#inner));
        let body = future.with(&self.function.body, measured);
        emit! {
            #entry
            #private::Call::<#output>::new().__dt_metrics_kind().__dt_metrics_pin(
                move || #begin,
                #at_end,
                move |__dt_metrics_pinned| -> #output { #taken #[cfg(all())] #body }
            )
        }
    }

    /// `future`, measured. With the type of its value, something else is reported once: where the
    /// function promises a future.
    fn measured(&self, future: &TokenStream, value: Option<&Type>) -> TokenStream {
        let Self { private, ends, .. } = self;
        let begin = &ends.begin;
        let at_end = self.at_end(value);
        let function = match value {
            None => emit!(#private::measured),
            Some(value) => emit!(#private::measured_as::<#value, _, _, _, _, _>),
        };
        emit!(#function(#future, move || #begin, #at_end))
    }

    /// Both closures for the end, separated by a comma.
    fn at_end(&self, value: Option<&Type>) -> TokenStream {
        let (leave, tell) = (self.leave(), self.tell(value));
        emit!(#leave, #tell)
    }

    /// The closure for the end of a call that does not return.
    fn leave(&self) -> TokenStream {
        let Self { private, ends, .. } = self;
        let leave = &ends.leave;
        emit!(|__dt_metrics_state, __dt_metrics_outcome| { #leave #private::Told::new() })
    }

    /// The closure for the end of a call that returns. `value` is the type of that, if known.
    ///
    /// The closure takes over the parameters that the user's expressions mention: it lives as long as
    /// a future that the function returns.
    fn tell(&self, value: Option<&Type>) -> TokenStream {
        let tell = &self.ends.tell;
        let value = value.map(|value| emit!(: &#value));
        let takes = (self.ends.asks == Asks::Returned).then(|| emit!(move));
        emit!(#takes |__dt_metrics_leave, __dt_metrics_state, __dt_metrics_returned #value| { #tell })
    }

    /// What derives the outcome from a value of the type `of`, which the compiler finds by the type
    /// alone: a closure would have all generic parameters of the function, and so would each future
    /// around this one.
    fn judge(&self, of: &TokenStream) -> TokenStream {
        let private = self.private;
        if self.ends.asks == Asks::Nothing {
            return emit!(#private::Items);
        }
        emit! {
            #of
                .__dt_metrics_inner()
                .__dt_metrics_inner()
                .__dt_metrics_inner()
                .__dt_metrics_inner()
                .__dt_metrics_judge()
        }
    }

    /// The closure that derives the outcome from the value in `__dt_metrics_returned`, whose type
    /// cannot be written.
    fn judge_by_value(&self) -> TokenStream {
        let private = self.private;
        if self.ends.asks == Asks::Nothing {
            return emit!(|_| #private::Outcome::Ok);
        }
        let outcome = outcome_of_returned(private);
        emit! {
            |__dt_metrics_returned| { #outcome }
        }
    }

    /// The body as a closure that has all parameters.
    fn closure(&mut self) -> TokenStream {
        let taken = self.taken(Target::Closure).statements;
        let body = &self.function.body;
        let output = closure_output(&self.function.sig.output).map(|ty| emit!(-> #ty));
        let closure = emit!(move || #output { #taken #[cfg(all())] #body });
        let Some(promise) = closure_promise(&self.function.sig.output) else {
            return closure;
        };
        // Without this the compiler would not know the type of a closure that the body returns.
        let (parameters, arguments) = (promise.parameters(), promise.arguments());
        emit! {
            {
                fn __dt_metrics_returning<#parameters R: #promise, F: ::core::ops::FnOnce() -> R>(
                    body: F,
                ) -> F {
                    body
                }
                __dt_metrics_returning::<#(#arguments,)* _, _>(#closure)
            }
        }
    }

    /// [`Self::closure`] in the variable `__dt_metrics_body`. What clippy has to say about its type
    /// it already says about the function.
    fn closure_variable(&mut self) -> TokenStream {
        let private = self.private;
        let closure = self.closure();
        emit! {
            #[allow(clippy::result_large_err)]
            let __dt_metrics_body = #private::once(#closure);
        }
    }

    /// The statements that take the parameters over.
    fn taken(&mut self, target: Target) -> Taken {
        let body = self.function.body.stream();
        let Ends {
            uses, uses_at_end, ..
        } = self.ends;
        let mut exprs = emit!(#uses #uses_at_end);
        let further = self.function.attrs.iter().filter(|attr| is_ours(attr));
        exprs.extend(further.map(ToTokens::to_token_stream));
        let used = Used {
            exprs,
            by_macros: self.function.has_macros(),
        };
        take_over(&mut self.function.sig, &body, &used, target)
    }
}

/// What a call returns: its value is of this type if that is known, and otherwise the library decides by
/// the type of the body.
fn returns(value: Option<&Type>, body: &TokenStream, private: &TokenStream) -> TokenStream {
    value.map_or_else(
        || emit!(#body::of(&__dt_metrics_body).__dt_metrics_returns()),
        |value| emit!(#private::Returns::<#value>::new()),
    )
}

/// Runs `__dt_metrics_call`, and measures it to its end if the result keeps the function's promise.
fn run_as_far(private: &TokenStream, promise: &Promise) -> TokenStream {
    let parameters = promise.parameters();
    let (types, arguments) = (promise.types(), promise.arguments());
    emit! {
        let __dt_metrics_extent = {
            trait __DtMetricsPromised {
                fn __dt_metrics_extent(&self) -> #private::ToItsEnd {
                    #private::ToItsEnd
                }
            }
            impl<#parameters M: #promise, F, R> __DtMetricsPromised
                for #private::Promised<(#(::core::marker::PhantomData<#types>,)*), M, F, R>
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
