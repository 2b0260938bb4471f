//! A function around whose calls something is done when they begin and when they end.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote_spanned;
use syn::Type;

use crate::body::Function;
use crate::output::Output;
use crate::params;
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
    /// The expressions of the user's in `entry`.
    pub(crate) uses: TokenStream,
    /// What these ask of the call.
    pub(crate) asks: Asks,
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
    /// It returns a future in a box, which its last and only expression makes.
    PinnedAsync,
    /// It may return a future in a box: only the type tells.
    ByType,
}

impl Shape {
    /// Whether what is kept until the end may borrow from the call.
    pub(crate) fn outlives_the_call(self) -> bool {
        matches!(self, Self::Future | Self::PinnedAsync | Self::ByType)
    }

    pub(crate) fn of(function: &Function) -> Self {
        let signature = &function.sig;
        if signature.asyncness.is_some() {
            return Self::Async;
        }
        match Output::of(&signature.output, &signature.generics) {
            Output::Future { .. } => Self::Future,
            Output::Named(_) | Output::Value
                if pinned(&function.body).is_some()
                    && Output::pinned(&signature.output).is_some() =>
            {
                Self::PinnedAsync
            }
            // A closure would hide the caller.
            Output::Named(_) if !function.tracks_caller() => Self::ByType,
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
        uses,
        asks,
    } = ends;
    let now = begin;
    let begin = quote_spanned!(ours()=> move || #begin);
    let leave = quote_spanned!(ours()=> |__dt_metrics_state, __dt_metrics_ended| { #leave });
    let output = function.sig.output.clone();
    let generics = function.sig.generics.clone();
    let as_future = function.can_return_future() && uses.is_empty() && !Output::has_impl(&output);
    let block = match (shape, Output::of(&output, &generics)) {
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
        (Shape::ByType, Output::Named(ty)) => {
            let body = body(private, &mut function, uses);
            quote_spanned! {ours()=>
                #entry
                #body
                #private::Call::<#ty>::new().__dt_metrics_run(__dt_metrics_body, #begin, #leave)
            }
        }
        (Shape::Future | Shape::ByType, output_type) => {
            let body = closure(&mut function, uses);
            let body = quote_spanned!(ours()=> #private::call(#body));
            let value = match output_type {
                Output::Future { value } => value,
                _ => None,
            };
            let (measured, leave) = known_value(private, ends, value);
            quote_spanned!(ours()=> #entry #measured(#body, #begin, #leave))
        }
        (Shape::PinnedAsync, _) => {
            let pinned = pinned(&function.body);
            let (path, future) = pinned.unwrap_or_default();
            let (measured, leave) = known_value(private, ends, Output::pinned(&output));
            quote_spanned!(ours()=> #entry #path(#measured(#future, #begin, #leave)))
        }
        (Shape::Async, Output::Never) => {
            let taken = params::take_over(&mut function.sig, &function.body.stream(), uses);
            let body = &function.body;
            quote_spanned! {ours()=>
                #entry
                let __dt_metrics_future = #private::diverging(async move { #taken #[cfg(all())] #body });
                match #private::measured(__dt_metrics_future, #begin, #leave).await {}
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
                    #leave,
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
                    #leave,
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
    let leave = &ends.leave;
    match value {
        None => (
            quote_spanned!(ours()=> #private::measured),
            quote_spanned!(ours()=> |__dt_metrics_state, __dt_metrics_ended| { #leave }),
        ),
        Some(value) => (
            quote_spanned!(ours()=> #private::measured_as::<#value, _, _, _, _>),
            quote_spanned!(ours()=> |__dt_metrics_state, __dt_metrics_ended: #private::Ended<'_, #value>| { #leave }),
        ),
    }
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

/// `Box::pin` and the `async` block that is pinned, if a body is that and nothing else: what
/// `#[async_trait]` makes of an `async fn`.
fn pinned(body: &Group) -> Option<(TokenStream, TokenStream)> {
    let mut tokens: Vec<TokenTree> = body.stream().into_iter().collect();
    let Some(TokenTree::Group(future)) = tokens.pop() else {
        return None;
    };
    let begins_async = matches!(
        future.stream().into_iter().next(),
        Some(TokenTree::Ident(ident)) if ident == "async"
    );
    let is_path = tokens.iter().all(|token| match token {
        TokenTree::Ident(_) => true,
        TokenTree::Punct(punct) => punct.as_char() == ':',
        _ => false,
    });
    let mut names = tokens.iter().rev().filter_map(|token| match token {
        TokenTree::Ident(ident) => Some(ident),
        _ => None,
    });
    let is_pin = names.next().is_some_and(|name| name == "pin")
        && names.next().is_some_and(|name| name == "Box");
    (future.delimiter() == Delimiter::Parenthesis && begins_async && is_path && is_pin).then(|| {
        let mut argument: Vec<TokenTree> = future.stream().into_iter().collect();
        argument.pop_if(|last| matches!(last, TokenTree::Punct(comma) if comma.as_char() == ','));
        (tokens.into_iter().collect(), argument.into_iter().collect())
    })
}
