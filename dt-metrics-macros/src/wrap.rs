//! A function around whose calls something is done when they begin and when they end.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::Type;

use crate::body::Function;
use crate::output::Output;
use crate::params;
use crate::pinned::Pinned;
use crate::span::ours;
use crate::straight;

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

/// What a call is.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Shape {
    /// It is over when the function returns.
    Call,
    /// The body is that of a future.
    Async,
    /// It returns a future.
    Future,
    /// It returns a future in a box, which its last expression makes.
    Pinned,
    /// It may return a future in a box, which its last expression makes: only the type tells.
    PinnedByType,
    /// It may return a future in a box: only the type tells.
    ByType,
}

impl Shape {
    /// Whether what is kept until the end may borrow from the call.
    pub(crate) fn outlives_the_call(self) -> bool {
        !matches!(self, Self::Call | Self::Async)
    }

    pub(crate) fn of(function: &Function) -> Self {
        let signature = &function.sig;
        if signature.asyncness.is_some() {
            return Self::Async;
        }
        let output = Output::of(&signature.output, signature);
        let is_pinned = || Pinned::of(&function.body).is_some();
        // A closure would hide the caller.
        let tracks_caller = function.tracks_caller();
        match output {
            Output::Future { .. } => Self::Future,
            Output::Named { .. } | Output::Value
                if Output::pinned(&signature.output).is_some() && is_pinned() =>
            {
                Self::Pinned
            }
            Output::Named { .. } if !tracks_caller && is_pinned() => Self::PinnedByType,
            Output::Named { outlives: true, .. } if !tracks_caller => Self::ByType,
            _ => Self::Call,
        }
    }
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
            let taken = params::take_over(&mut function.sig, &function.body.stream(), uses);
            let body = Pinned::of(&function.body).map(|pinned| {
                pinned.with(
                    |future| quote_spanned!(ours()=> __dt_metrics_pinned.__dt_metrics_measured(#future)),
                )
            });
            let output = Output::closure(&output);
            quote_spanned! {ours()=>
                #entry
                #private::Call::<#ty>::new().__dt_metrics_pin(
                    #begin,
                    #at_end,
                    move |__dt_metrics_pinned| -> #output { #taken #[cfg(all())] #body }
                )
            }
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
        (Shape::Pinned, _) => {
            let (measured, at_end) = known_value(private, ends, Output::pinned(&output));
            let body = Pinned::of(&function.body).map(|pinned| {
                pinned.with(|future| quote_spanned!(ours()=> #measured(#future, #begin, #at_end)))
            });
            quote_spanned!(ours()=> #entry #[cfg(all())] #body)
        }
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
