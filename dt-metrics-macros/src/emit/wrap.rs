//! Functions with something done when a call begins and when it ends.

use core::mem;

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{ReturnType, Signature, Type, parse_quote};

use super::as_written::{as_written, entry, infer_lifetimes};
use super::at_end::outcome_of_returned;
use super::body::guarded;
use super::ends::{Asks, Ends, Handed};
use super::take_over::{Matched, Taken, Target, Used, borrowed, captured, matched, take_over};
use super::values::list;
use crate::analyse::boxed::{Boxed, is_straight};
use crate::analyse::promise::{Promise, RETURNED};
use crate::analyse::return_type::{
    Output, can_be_told, closure_output, closures, has_impl, mentions_result, written,
};
use crate::analyse::shape::Shape;
use crate::expander::{Expander, allow_clippy};
use crate::parse::item::{Function, awaiting, is_ours};
use crate::tokens::{any, at, emit, ident, is_ident, is_punct, ours};

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
        matched: Vec::new(),
        captures: ends.copied.captures,
        hands: false,
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

/// A `|` at this place.
fn bar(place: Span) -> Punct {
    let mut bar = Punct::new('|', Spacing::Alone);
    bar.set_span(place);
    bar
}

struct Wrap<'a> {
    private: &'a TokenStream,
    function: Function,
    ends: &'a Ends,
    /// Patterns of parameters that were taken over, and whose names the annotation reads.
    matched: Vec<Matched>,
    /// Whether the closures for the end of a call capture parameters.
    captures: bool,
    /// Whether the future of an `async fn` hands values over.
    hands: bool,
}

impl Wrap<'_> {
    /// A call that is over when the function returns.
    fn call(&mut self, output: Output) -> TokenStream {
        let Self { private, ends, .. } = *self;
        let Ends { entry, begin, .. } = ends;
        let (leave, tell) = (self.leave(), self.tell(None));
        let takes = (ends.asks == Asks::Returned).then(|| emit!(move));
        let tell = emit!(#takes #tell);
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
                let value = emit! {
                    // A body that never ends would make the statements behind it unreachable.
                    if true {
                        #[cfg(all())] #body
                    } else {
                        #private::never()
                    }
                };
                let value = returned_as(&self.function.sig.output, &value);
                emit! {
                    {
                        let __dt_metrics_guard = { #entry #guard };
                        let __dt_metrics_returned: #ty = #value;
                        __dt_metrics_guard.#end;
                        __dt_metrics_returned
                    }
                }
            }
            View::Closure if ends.at_site && has_written_arguments(&self.function.sig.output) => {
                let ty = closure_output(&self.function.sig.output);
                let body = self.closure();
                let entry = self.entry();
                let judge = self.judge(&outcome_type(private, ty.as_ref()));
                emit!(#entry #private::run_at(__dt_metrics_instruments, #judge, #body))
            }
            View::Closure if ends.at_site => {
                let body = self.closure_variable();
                let entry = self.entry();
                let judge = self.judge(&emit!(#private::OutcomeOf::of(&__dt_metrics_body)));
                emit! {
                    #entry
                    #body
                    #private::run_at(__dt_metrics_instruments, #judge, __dt_metrics_body)
                }
            }
            View::Closure if matches!(output, Output::Opaque) => {
                let body = self.closure();
                let entry = self.entry();
                emit!(#entry #private::run(#body, #begin, #leave, #tell))
            }
            View::Closure => {
                let body = self.closure_variable();
                let entry = self.entry();
                emit!(#entry #body #private::run(__dt_metrics_body, #begin, #leave, #tell))
            }
        }
    }

    /// The body as a future, in an `async fn` or in a function that returns that future.
    fn async_fn(&mut self, output: Output) -> TokenStream {
        let Self { private, ends, .. } = *self;
        let awaited = self.function.awaits_measured();
        let taken = awaited.is_none().then(|| self.taken(Target::Future));
        let has_patterns = taken.as_ref().is_some_and(|taken| taken.has_patterns);
        let (receiver, taken) = taken.map_or((None, None), |taken| {
            (taken.receiver, Some(taken.statements))
        });
        let handover = self.handover();
        let awaited = awaited.map(|future| match &handover {
            None => (future, true),
            Some(handover) => with_further(future, handover),
        });
        self.hands = handover.is_some() && awaited.as_ref().is_none_or(|(_, hands)| *hands);
        let handover = handover.filter(|_| self.hands);
        let mut entry = self.entry();
        let body = &self.function.body;
        let further = self.function.attrs.iter().any(is_ours).then(further);
        let captured =
            (handover.is_some() || further.is_some()).then(|| captured(&self.function.sig));
        let entered = emit!(#captured #handover #further);
        if let Output::Never = output {
            if ends.at_site {
                return emit! {
                    #entry
                    let __dt_metrics_future = #private::diverging(async move { #entered #receiver #taken #[cfg(all())] #body });
                    match #private::measured_at(
                        __dt_metrics_future,
                        __dt_metrics_instruments,
                        #private::Items,
                    ).await {}
                };
            }
            let measured = self.measured_future(&emit!(__dt_metrics_future));
            return emit! {
                #entry
                let __dt_metrics_future = #private::diverging(async move { #entered #receiver #taken #[cfg(all())] #body });
                match #measured.await {}
            };
        }
        // An `async` block cannot have a return type: this annotates the type of its value.
        let returned = &self.function.sig.output;
        let ty = closure_output(returned);
        let hint = ty.as_ref().map(|ty| {
            let place = written(returned);
            let leave = emit!(return __dt_metrics_never);
            let leave = place.map_or_else(|| leave.clone(), |place| at(place, &leave));
            let ty = infer_lifetimes(ty.clone());
            // Inside `<…>` a type that is unknown would get other advice.
            emit!(if false { let __dt_metrics_never: #ty = #private::never(); #leave; })
        });
        let value = returned_as(returned, &emit!(#[cfg(all())] #body));
        let mut future = awaited.map_or_else(
            || match &receiver {
                None => self.block(emit!(#hint #entered #taken #value)),
                Some(receiver) => {
                    self.block(emit!(#entered #receiver async { #hint #taken #value }.await))
                }
            },
            |(future, _)| emit!({ #future }),
        );
        if has_impl(returned) {
            // Clippy reads this function, and may take the block for the mistake.
            let allow = allow_clippy!(clippy::async_yields_async);
            entry.extend(emit!(#allow let __dt_metrics_future = #future;));
            future = emit!(__dt_metrics_future);
        }
        let measured = if !ends.at_site {
            self.measured_future(&future)
        } else if matches!(output, Output::Plain) {
            emit!(#private::measured_at(#future, __dt_metrics_instruments, #private::Items))
        } else if has_impl(returned) {
            let judge = self.judge_by_value();
            emit!(#private::measured_by(#future, __dt_metrics_instruments, #judge))
        } else {
            let judge = self.judge(&outcome_type(private, ty.as_ref()));
            emit!(#private::measured_at(#future, __dt_metrics_instruments, #judge))
        };
        let measured = at(&self.function.body, &measured);
        let measured = emit!(#entry #measured);
        // The future of an `async fn` keeps the parts of parameters that patterns do not bind.
        let evaluates = !ends.uses.is_empty() && !self.hands;
        if evaluates || has_impl(returned) || has_patterns {
            return emit!(#measured.await);
        }
        if !self.function.can_return_future() {
            return awaiting(&measured);
        }
        self.function.sig.asyncness = None;
        self.function.sig.output = future_of(&self.function.sig, ty.as_ref());
        measured
    }

    /// The `future` of an `async fn`, measured.
    fn measured_future(&self, future: &TokenStream) -> TokenStream {
        let Self { private, ends, .. } = self;
        if !self.hands {
            let measure = self.function_of_library("measured");
            let recording = self.recording(None);
            return emit!(#private::#measure(#future, #recording));
        }
        let record = ends.record(private, &self.leave(), &self.tell(None));
        let known = &ends.known;
        emit! {
            #private::measured_handing(#future, (#(#known,)*), __dt_metrics_slot, #record)
        }
    }

    /// The statement with which the future of an `async fn` evaluates values and hands them over, if there are
    /// values and the type that records them does not depend on the future.
    fn handover(&self) -> Option<TokenStream> {
        let Self { private, ends, .. } = self;
        let Handed {
            statements,
            entered,
        } = ends.handed.as_ref().filter(|_| !self.captures)?;
        let borrowed = borrowed(&self.matched);
        let statements = matched(private, &self.matched, statements, entered);
        let values = list(entered);
        Some(emit! {
            #borrowed
            let () = { #statements #private::hand(__dt_metrics_slot, #values) }.await;
        })
    }

    /// A call that returns a future, if the type is one, with a value of this type if it is known.
    fn future(&mut self, value: Option<&Type>, promise: &Promise) -> TokenStream {
        let private = self.private;
        let body = self.closure_variable();
        let entry = self.entry();
        // A type that is written here inside `<…>` would change the compiler's advice if it is unknown.
        let returns = if value.is_some() {
            // The closure for the end has it as the type of its parameter.
            emit!(#private::Returns::new())
        } else {
            emit!(#private::FutureBody::of(&__dt_metrics_body).__dt_metrics_returns())
        };
        let recording = self.recording(value);
        let records = self.function_of_library("recording");
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
    fn stream(&mut self, item: Option<&Type>, promise: &Promise) -> TokenStream {
        let Self { private, ends, .. } = *self;
        let body = self.closure_variable();
        let entry = self.entry();
        let returns = item.map_or_else(
            || emit!(#private::StreamBody::of(&__dt_metrics_body).__dt_metrics_returns()),
            |item| emit!(#private::Returns::of(|_: &#item| {})),
        );
        let recording = self.recording(item);
        let records = self.function_of_library("recording");
        let run = run_as_far(private, promise);
        let by_type = self.judge(&emit!(#private::OutcomeOf::of_items(&__dt_metrics_returns)));
        let judge = match &ends.judge {
            None => by_type,
            Some(condition) if self.captures => {
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

    /// The body where it is, with its future measured before that is in its box.
    fn boxed(&mut self, future: Boxed, value: Option<&Type>) -> TokenStream {
        let Ends { entry, .. } = self.ends;
        let private = self.private;
        let recording = self.recording(value);
        let inner = future.future();
        let measured = if value.is_some() {
            let pinned = emit!(#private::PinnedFuture::new(#recording));
            measured_in_place(inner, &pinned)
        } else {
            emit!(#private::measured_capturing(#inner, #recording))
        };
        let body = future.with(&self.function.body, measured);
        emit!(#entry #[cfg(all())] #body)
    }

    /// A call that returns a boxed future, if the type is one. The library decides by the type; if
    /// the body boxes a `future`, that future is measured before it is boxed.
    fn by_type(&mut self, future: Option<Boxed>) -> TokenStream {
        let Self { private, ends, .. } = *self;
        let recording = self.recording(None);
        // The condition is not evaluated for the items of a boxed stream.
        let check = ends.err_if.as_ref().map(|err_if| {
            let judged = at(err_if, &emit!(&__dt_metrics_judged));
            emit! {
                let __dt_metrics_judged = __dt_metrics_call.__dt_metrics_judged();
                #private::judged(#judged);
            }
        });
        let Some(future) = future else {
            let body = self.closure_variable();
            let entry = self.entry();
            let run = if ends.at_site {
                let judge = self.judge(&emit!(__dt_metrics_call.__dt_metrics_value()));
                emit! {
                    __dt_metrics_call.__dt_metrics_run_at(
                        __dt_metrics_instruments,
                        #judge,
                        __dt_metrics_body,
                    )
                }
            } else {
                let judge = self.judge(&emit!(__dt_metrics_call.__dt_metrics_value()));
                emit! {
                    __dt_metrics_call.__dt_metrics_run(#recording, #judge, __dt_metrics_body)
                }
            };
            let run = at(&self.function.body, &run);
            return emit! {
                #entry
                #body
                let __dt_metrics_call = #private::call_of(&__dt_metrics_body).__dt_metrics_kind();
                #check
                #run
            };
        };
        let output = closure_output(&self.function.sig.output);
        let taken = self.taken(Target::Closure);
        let entry = self.entry();
        let inner = future.future();
        let measured = measured_in_place(inner, &emit!(__dt_metrics_pinned));
        let body = future.with(&self.function.body, measured);
        let closure = self.closure_with(
            &emit!(__dt_metrics_pinned),
            Some(&emit!(-> #output)),
            &taken,
            &body,
        );
        let judge = self.judge(&emit!(__dt_metrics_call.__dt_metrics_value()));
        let run = emit! {
            __dt_metrics_call.__dt_metrics_pin(#recording, #judge, #closure)
        };
        let run = at(&self.function.body, &run);
        emit! {
            #entry
            let __dt_metrics_call =
                #private::call_of(&|| -> #output { #private::never() }).__dt_metrics_kind();
            #check
            #run
        }
    }

    /// The value that is kept until a call begins, and the closure for the events of the call, separated by a
    /// comma. `value` is the type of the value that the call returns, if known.
    ///
    /// The closure takes over the parameters that the user's expressions mention: it lives as long as
    /// a future that the function returns.
    fn recording(&self, value: Option<&Type>) -> TokenStream {
        let Self { private, ends, .. } = self;
        let record = ends.record(private, &self.leave(), &self.tell(value));
        let keeps = &ends.keeps;
        let takes = self.captures.then(|| emit!(move));
        emit!(#keeps, #takes #record)
    }

    /// The library's function with this `name`, or its variant that takes a closure which captures.
    fn function_of_library(&self, name: &str) -> Ident {
        if self.captures {
            ident(&format!("{name}_capturing"))
        } else {
            ident(name)
        }
    }

    /// The closure for the end of a call that does not return.
    fn leave(&self) -> TokenStream {
        let Self { private, ends, .. } = self;
        let leave = &ends.leave;
        emit!(|__dt_metrics_state, __dt_metrics_outcome| { #leave #private::Told::new() })
    }

    /// The closure for the end of a call that returns. `value` is the type of that, if known.
    fn tell(&self, value: Option<&Type>) -> TokenStream {
        let tell = &self.ends.tell;
        let value = value.map(|value| emit!(: &#value));
        emit!(|__dt_metrics_leave, __dt_metrics_state, __dt_metrics_returned #value| { #tell })
    }

    /// The expression that derives the outcome from a value of the type `of`. The compiler finds it
    /// by the type alone: a closure would have all generic parameters of the function, and so would
    /// each future around this one.
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

    /// The places where the signature begins and ends: there, the compiler reports mistakes that concern the
    /// whole closure or future with the body.
    fn head(&self) -> (Span, Span) {
        let signature = &self.function.sig;
        let asyncness = signature.asyncness.as_ref().map(|asyncness| asyncness.span);
        let first = asyncness.unwrap_or(signature.fn_token.span);
        let output = signature.output.to_token_stream().into_iter();
        let last = output.last().map(|token| token.span());
        let last = last.unwrap_or_else(|| signature.paren_token.span.close());
        (ours().located_at(first), ours().located_at(last))
    }

    /// Braces at the place of the body's. In the edition of this crate, temporaries of the last expression are
    /// dropped before the variables.
    fn braces(&self, statements: TokenStream) -> Group {
        let mut braces = Group::new(Delimiter::Brace, statements);
        braces.set_span(ours().located_at(self.function.body.span()));
        braces
    }

    /// An `async` block with these statements.
    fn block(&self, statements: TokenStream) -> TokenStream {
        let (first, last) = self.head();
        let (keyword, by_move) = (Ident::new("async", first), Ident::new("move", last));
        let braces = self.braces(statements);
        emit!(#keyword #by_move #braces)
    }

    /// A closure with these parameters of the function and this body.
    fn closure_with(
        &self,
        parameter: &TokenStream,
        output: Option<&TokenStream>,
        taken: &Taken,
        body: &Group,
    ) -> TokenStream {
        let Taken {
            receiver,
            statements,
            ..
        } = taken;
        let mut statements = emit!(#statements #[cfg(all())] #body);
        if receiver.is_some() {
            statements = emit!(#receiver (|| #output { #statements })());
        }
        let (first, last) = self.head();
        let (by_move, bar) = (Ident::new("move", first), bar(last));
        let braces = self.braces(statements);
        emit!(#by_move #bar #parameter #bar #output #braces)
    }

    /// The body as a closure that has all parameters.
    fn closure(&mut self) -> TokenStream {
        let taken = self.taken(Target::Closure);
        let body = &self.function.body;
        let output = closure_output(&self.function.sig.output).map(|ty| emit!(-> #ty));
        let closure = self.closure_with(&TokenStream::new(), output.as_ref(), &taken, body);
        let Some((closures, ty)) = closures(&self.function.sig.output) else {
            return closure;
        };
        // Without this the compiler could not infer the type of a closure that the body returns.
        let (parameters, arguments) = (closures.parameters(), closures.arguments());
        emit! {
            {
                fn __dt_metrics_returning<#parameters F: ::core::ops::FnOnce() -> #ty>(body: F) -> F {
                    body
                }
                __dt_metrics_returning::<#arguments _>(#closure)
            }
        }
    }

    /// [`Self::closure`] in the variable `__dt_metrics_body`. Lints of clippy about its type are
    /// already reported for the function.
    fn closure_variable(&mut self) -> TokenStream {
        let private = self.private;
        let closure = self.closure();
        let allow = allow_clippy!(clippy::result_large_err);
        emit!(#allow let __dt_metrics_body = #private::once(#closure);)
    }

    /// The statements that take the parameters over.
    fn taken(&mut self, target: Target) -> Taken {
        let body = self.function.body.stream();
        let further = self.function.attrs.iter().filter(|attr| is_ours(attr));
        let used = Used {
            on_entry: self.ends.uses.clone(),
            at_end: self.ends.uses_at_end.clone(),
            further: further.map(ToTokens::to_token_stream).collect(),
            by_macros: self.function.has_macros(),
        };
        let mut taken = take_over(&mut self.function.sig, &body, &used, target);
        self.matched = mem::take(&mut taken.matched);
        taken
    }

    /// The statements on entry, after the parameters were taken over.
    fn entry(&self) -> TokenStream {
        let Self { private, ends, .. } = self;
        let mut copied = self.matched.iter().flat_map(|matched| &matched.copied);
        if self.hands {
            let slot = emit!(let __dt_metrics_slot = #private::slot(););
            let entry = &ends.entry;
            let entry = if copied.next().is_none() {
                entry.clone()
            } else {
                let borrowed = borrowed(&self.matched);
                let entry = matched(private, &self.matched, entry, &ends.entered);
                emit!(#borrowed #entry)
            };
            return emit!(#entry #slot);
        }
        let mut entered = ends.all_entered();
        if self.captures {
            entered.extend(copied.map(ToTokens::to_token_stream));
        }
        let borrowed = borrowed(&self.matched);
        let entry = matched(private, &self.matched, &ends.whole_entry(), &entered);
        emit!(#borrowed #entry)
    }
}

/// The name in the place where the future of an `async fn` hands over the values of further annotations.
const FURTHER: &str = "__dt_metrics_further";

/// The place where the future of an `async fn` hands over the values of further annotations. The compiler does
/// not see it.
fn further() -> TokenStream {
    let name = ident(FURTHER);
    emit!(#[cfg(any())] { #name })
}

/// `future`, of another annotation, which also hands over the values of this one, and whether there is a place
/// for that.
fn with_further(future: TokenStream, handover: &TokenStream) -> (TokenStream, bool) {
    let is_place = |token: &TokenTree| match token {
        TokenTree::Group(group) => {
            let mut inner = group.stream().into_iter();
            inner.next().is_some_and(|name| is_ident(&name, FURTHER)) && inner.next().is_none()
        }
        _ => false,
    };
    let mut tokens: Vec<TokenTree> = future.into_iter().collect();
    if let Some(place) = tokens.iter().position(is_place) {
        // Before the attribute.
        let rest = tokens.split_off(place.saturating_sub(2));
        tokens.extend(handover.clone());
        tokens.extend(rest);
        return (tokens.into_iter().collect(), true);
    }
    let mut is_found = false;
    let each = tokens.into_iter().map(|token| match token {
        TokenTree::Group(group) if !is_found => {
            let (inner, is_here) = with_further(group.stream(), handover);
            is_found = is_here;
            let mut with = Group::new(group.delimiter(), inner);
            with.set_span(group.span());
            TokenTree::from(with)
        }
        other => other,
    });
    let tokens = each.collect();
    (tokens, is_found)
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

/// `value`, which a function with this `output` returns. The helper function lets the compiler infer
/// the type of a closure in it.
fn returned_as(output: &ReturnType, value: &TokenStream) -> TokenStream {
    let Some((closures, ty)) = closures(output) else {
        return value.clone();
    };
    let (parameters, arguments) = (closures.parameters(), closures.arguments());
    emit! {{
        fn __dt_metrics_returned<#parameters>(returned: #ty) -> #ty {
            returned
        }
        __dt_metrics_returned::<#arguments>({ #value })
    }}
}

/// The library's `OutcomeOf` this type.
fn outcome_type(private: &TokenStream, ty: Option<&TokenStream>) -> TokenStream {
    match ty {
        // If it is unknown, the compiler's advice is the same as for the signature.
        Some(ty) if !any(ty, |_, token| is_punct(token, '<')) => {
            emit!(#private::OutcomeOf::of(&|| -> #ty { #private::never() }))
        }
        ty => emit!(#private::OutcomeOf::<#ty>::new()),
    }
}

/// Whether the type is written with arguments, such as `Result<T, E>`, and has no `impl Trait`. Then the compiler
/// need not find it out by the closure with the body, which would take two more functions for each body.
fn has_written_arguments(output: &ReturnType) -> bool {
    let ty = closure_output(output).filter(|_| !has_impl(output));
    ty.is_some_and(|ty| any(&ty, |_, token| is_punct(token, '<')))
}

/// Runs `__dt_metrics_call`, and measures it to its end if the result keeps the function's promise.
fn run_as_far(private: &TokenStream, promise: &Promise) -> TokenStream {
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
