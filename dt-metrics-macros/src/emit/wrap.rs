//! A function around whose calls something is done when they begin and when they end.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::Type;

use crate::analyse::boxed::Pinned;
use crate::analyse::return_type::Output;
use crate::analyse::shape::Shape;
use crate::analyse::straight;
use crate::emit::params;
use crate::parse::item::Function;
use crate::tokens::ours;

/// What is done with each call.
pub(crate) struct Ends {
    /// Statements on entry; of a function that returns a future, at the call.
    pub(crate) entry: TokenStream,
    /// The expression, evaluated where the call begins to run, of what is kept until it ends. It
    /// may take what `entry` has.
    pub(crate) begin: TokenStream,
    /// Statements at the end, for which `state` is what was kept and `ended` how it ended.
    pub(crate) leave: TokenStream,
    /// The same of a future.
    pub(crate) future: FutureEnds,
    /// The expressions of the user's in `entry`.
    pub(crate) uses: TokenStream,
    /// What these ask of the call.
    pub(crate) asks: Asks,
}

/// What is done at the end of a future.
pub(crate) struct FutureEnds {
    /// Statements, for which `state` is what was kept and `outcome` how it ended.
    pub(crate) leave: TokenStream,
    /// If it returns: the same, for which `returned` is a reference to that and `leave` what runs
    /// these statements.
    pub(crate) tell: TokenStream,
}

impl FutureEnds {
    /// Both as arguments; what is returned is of the type `value`, if that is known.
    fn closures(&self, private: &TokenStream, value: Option<&Type>) -> TokenStream {
        let Self { leave, tell } = self;
        let value = value.map(|value| quote_spanned!(ours()=> : &#value));
        quote_spanned! {ours()=>
            |__dt_metrics_state, __dt_metrics_outcome| { #leave #private::Told::new() },
            |__dt_metrics_leave, __dt_metrics_state, __dt_metrics_returned #value| { #tell }
        }
    }
}

/// What is asked of a call that has ended.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Asks {
    Nothing,
    /// How it ended.
    Outcome,
    /// What it returned.
    Returned,
}

/// `function` with what `ends` says around its calls.
pub(crate) fn wrap(
    private: &TokenStream,
    shape: Shape,
    mut function: Function,
    ends: &Ends,
) -> TokenStream {
    let Ends {
        entry,
        begin,
        leave,
        future: future_ends,
        uses,
        asks,
    } = ends;
    let now = begin;
    let begin = quote_spanned!(ours()=> move || #begin);
    let leave = quote_spanned!(ours()=> |__dt_metrics_state, __dt_metrics_ended| { #leave });
    let at_end = future_ends.closures(private, None);
    let output = function.sig.output.clone();
    let signature = function.sig.clone();
    let as_future = function.can_return_future() && uses.is_empty() && !Output::has_impl(&output);
    let block = match (shape, Output::of(&output, &signature)) {
        (Shape::Call, ret) if is_guarded(*asks, &ret) || is_tracked(*asks, &function) => {
            let guard = quote_spanned!(ours()=> #private::Guard::new(#now, #leave));
            let guard = quote_spanned!(ours()=> { #entry #guard });
            return function.guarded(&guard);
        }
        (Shape::Call, _) if is_tracked_to_its_end(*asks, &function) => {
            tracked(private, &function, ends, &leave)
        }
        (Shape::Call, Output::Opaque) => {
            let body = closure(&mut function, uses);
            quote_spanned!(ours()=> #entry #private::run(#body, #now, #leave))
        }
        (Shape::Call, _) => {
            let body = body(private, &mut function, uses);
            quote_spanned!(ours()=> #entry #body #private::run(__dt_metrics_body, #now, #leave))
        }
        (Shape::PinnedByType, Output::Named { ty, .. }) => {
            pinned_by_type(private, &mut function, ends, ty)
        }
        (Shape::ByType, Output::Named { ty, .. }) => {
            let body = body(private, &mut function, uses);
            quote_spanned! {ours()=>
                #entry
                #body
                #private::Call::<#ty>::new().__dt_metrics_run(#begin, #at_end, __dt_metrics_body)
            }
        }
        (Shape::Future | Shape::ByType | Shape::PinnedByType, output_type) => {
            let body = closure(&mut function, uses);
            let body = quote_spanned!(ours()=> #private::call(#body));
            let value = match output_type {
                Output::Future { value } => value,
                _ => None,
            };
            let (measured, at_end) = known_value(private, ends, value);
            quote_spanned!(ours()=> #entry #measured(#body, #begin, #at_end))
        }
        (Shape::Pinned, _) => pinned(private, &function, ends),
        (Shape::Async, Output::Never) => {
            let taken = params::take_over(&mut function.sig, &function.body.stream(), uses);
            let body = &function.body;
            quote_spanned! {ours()=>
                #entry
                let __dt_metrics_future = #private::diverging(async move { #taken #[cfg(all())] #body });
                match #private::measured(__dt_metrics_future, #begin, #at_end).await {}
            }
        }
        (Shape::Async, _) if as_future => {
            let taken = params::take_over(&mut function.sig, &function.body.stream(), uses);
            let body = &function.body;
            let ty = Output::closure(&output);
            // Of our edition, so it has all lifetimes, as that of an `async fn` has.
            let future = quote_spanned!(ours()=> -> impl ::core::future::Future<Output = #ty>);
            let block = quote_spanned! {ours()=>
                #entry
                #private::measured(
                    async move {
                        if false { return #private::never::<#ty>(); }
                        #taken
                        #[cfg(all())] #body
                    },
                    #begin,
                    #at_end,
                )
            };
            function.sig.asyncness = None;
            function.sig.output = syn::parse_quote_spanned!(ours()=> #future);
            block
        }
        (Shape::Async, _) => {
            let taken = params::take_over(&mut function.sig, &function.body.stream(), uses);
            let body = &function.body;
            // Tells the compiler the type: it cannot be written on the block.
            let hint = Output::closure(&output)
                .map(|ty| quote_spanned!(ours()=> if false { return #private::never::<#ty>(); }));
            quote_spanned! {ours()=>
                #entry
                #private::measured(
                    async move { #hint #taken #[cfg(all())] #body },
                    #begin,
                    #at_end,
                ).await
            }
        }
    };
    function.with(block)
}

/// The body where it is, with the future measured before it is in its box.
fn pinned(private: &TokenStream, function: &Function, ends: &Ends) -> TokenStream {
    let Ends { entry, begin, .. } = ends;
    let value = Output::pinned(&function.sig.output);
    let (measured, at_end) = known_value(private, ends, value);
    let body = Pinned::of(&function.body).map(|pinned| {
        pinned.with(|future| quote_spanned!(ours()=> #measured(#future, move || #begin, #at_end)))
    });
    quote_spanned!(ours()=> #entry #[cfg(all())] #body)
}

/// The same, if the type says that it is a future.
fn pinned_by_type(
    private: &TokenStream,
    function: &mut Function,
    ends: &Ends,
    ty: &Type,
) -> TokenStream {
    let Ends { entry, begin, .. } = ends;
    let at_end = ends.future.closures(private, None);
    let taken = params::take_over(&mut function.sig, &function.body.stream(), &ends.uses);
    let body = Pinned::of(&function.body).map(|pinned| {
        let measured = |future: &TokenStream| quote_spanned!(ours()=> __dt_metrics_pinned.__dt_metrics_measured(#future));
        pinned.with(measured)
    });
    let output = Output::closure(&function.sig.output);
    quote_spanned! {ours()=>
        #entry
        #private::Call::<#ty>::new().__dt_metrics_pin(
            move || #begin,
            #at_end,
            move |__dt_metrics_pinned| -> #output { #taken #[cfg(all())] #body }
        )
    }
}

/// The function that measures a future of this value, and what is done at its end. What is no such
/// future is told once: where the function says that it is one.
fn known_value(
    private: &TokenStream,
    ends: &Ends,
    value: Option<&Type>,
) -> (TokenStream, TokenStream) {
    let at_end = ends.future.closures(private, value);
    let measured = match value {
        None => quote_spanned!(ours()=> #private::measured),
        Some(value) => quote_spanned!(ours()=> #private::measured_as::<#value, _, _, _, _, _>),
    };
    (measured, at_end)
}

/// Whether a guard is enough, which sees only whether a panic goes through.
fn is_guarded(asks: Asks, output: &Output<'_>) -> bool {
    match asks {
        Asks::Nothing => true,
        // A closure that is returned gets its type only where it stands.
        Asks::Outcome => matches!(output, Output::Plain | Output::Opaque),
        Asks::Returned => false,
    }
}

/// Whether to believe the name of what is returned: that it is no `Result`. The body has to stay
/// where it is, since a closure would hide the caller.
fn is_tracked(asks: Asks, function: &Function) -> bool {
    asks == Asks::Outcome
        && function.tracks_caller()
        && !Output::is_named_result(&function.sig.output)
}

/// Whether what is returned can be seen at the end of the body, which has to stay where it is.
fn is_tracked_to_its_end(asks: Asks, function: &Function) -> bool {
    asks == Asks::Outcome
        && function.tracks_caller()
        && Output::is_result(&function.sig.output)
        && straight::is_straight(function.body.stream())
}

/// The body where it is, as in `Function::guarded`, and what it returned told to a guard.
fn tracked(
    private: &TokenStream,
    function: &Function,
    ends: &Ends,
    leave: &TokenStream,
) -> TokenStream {
    let Ends { entry, begin, .. } = ends;
    let ty = Output::closure(&function.sig.output);
    let body = &function.body;
    quote_spanned! {ours()=>
        {
            let __dt_metrics_guard = {
                #entry
                #private::TellingGuard::<#ty, _, _>::new(#begin, #leave)
            };
            let __dt_metrics_returned: #ty = { #[cfg(all())] #body };
            __dt_metrics_guard.tell(&__dt_metrics_returned);
            __dt_metrics_returned
        }
    }
}

/// The body as a closure that has all parameters.
fn closure(function: &mut Function, uses: &TokenStream) -> TokenStream {
    let taken = params::take_over(&mut function.sig, &function.body.stream(), uses);
    let body = &function.body;
    let output = Output::closure(&function.sig.output).map(|ty| quote_spanned!(ours()=> -> #ty));
    quote_spanned!(ours()=> move || #output { #taken #[cfg(all())] #body })
}

/// The same, as a variable. What clippy says of its type it says of the function, too.
fn body(private: &TokenStream, function: &mut Function, uses: &TokenStream) -> TokenStream {
    let closure = closure(function, uses);
    quote_spanned! {ours()=>
        #[allow(clippy::result_large_err)]
        let __dt_metrics_body = #private::once(#closure);
    }
}
