//! The body of an `async fn` as a future, measured: in the `async fn`, or in a function that returns the future.
//! That future evaluates the user's expressions on entry at its first poll, and hands the values over to its
//! measurement.

use proc_macro2::{Group, Ident, Punct, Spacing, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{ReturnType, Signature, Token, Type};

use super::function::{Wrapped, returned_as};
use crate::analyse::return_type::{Output, closure_output, has_impl, written};
use crate::emit::as_written::infer_lifetimes;
use crate::emit::ends::{Handed, outcome_type};
use crate::emit::take_over::{Target, borrowed, captured, matched};
use crate::emit::values::list;
use crate::expander::allow_clippy;
use crate::parse::item::{awaiting, is_ours};
use crate::tokens::{at, emit, ident, is_ident, ours};

/// The body as a future, in an `async fn` or in a function that returns that future.
pub(super) fn async_fn(wrapped: &mut Wrapped<'_>, output: Output) -> TokenStream {
    let Wrapped { private, ends, .. } = *wrapped;
    let awaited = wrapped.function.awaits_measured();
    let taken = awaited.is_none().then(|| wrapped.taken(Target::Future));
    let has_patterns = taken.as_ref().is_some_and(|taken| taken.has_patterns);
    let (receiver, taken) = taken.map_or((None, None), |taken| {
        (taken.receiver, Some(taken.statements))
    });
    let handover = handover(wrapped);
    let awaited = awaited.map(|future| match &handover {
        None => (future, true),
        Some(handover) => with_further(future, handover),
    });
    let hands = handover.is_some() && awaited.as_ref().is_none_or(|(_, hands)| *hands);
    let handover = handover.filter(|_| hands);
    let mut entry = if hands {
        entry_with_slot(wrapped)
    } else {
        wrapped.entry()
    };
    let body = &wrapped.function.body;
    let further = wrapped.function.attrs.iter().any(is_ours).then(further);
    let captured =
        (handover.is_some() || further.is_some()).then(|| captured(&wrapped.function.sig));
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
        let measured = measured_future(wrapped, hands, &emit!(__dt_metrics_future));
        return emit! {
            #entry
            let __dt_metrics_future = #private::diverging(async move { #entered #receiver #taken #[cfg(all())] #body });
            match #measured.await {}
        };
    }
    // An `async` block cannot have a return type: this annotates the type of its value.
    let returned = &wrapped.function.sig.output;
    let ty = closure_output(returned);
    let is_opaque = has_impl(returned);
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
            None => wrapped.block(emit!(#hint #entered #taken #value)),
            Some(receiver) => {
                wrapped.block(emit!(#entered #receiver async { #hint #taken #value }.await))
            }
        },
        |(future, _)| emit!({ #future }),
    );
    if is_opaque {
        // Clippy reads this function, and may take the block for the mistake.
        let allow = allow_clippy!(clippy::async_yields_async);
        entry.extend(emit!(#allow let __dt_metrics_future = #future;));
        future = emit!(__dt_metrics_future);
    }
    let measured = if !ends.at_site {
        measured_future(wrapped, hands, &future)
    } else if matches!(output, Output::Plain) {
        emit!(#private::measured_at(#future, __dt_metrics_instruments, #private::Items))
    } else if is_opaque {
        let judge = ends.judge_by_value(private);
        emit!(#private::measured_by(#future, __dt_metrics_instruments, #judge))
    } else {
        let judge = ends.judge_by_type(private, &outcome_type(private, ty.as_ref()));
        emit!(#private::measured_at(#future, __dt_metrics_instruments, #judge))
    };
    let measured = at(&wrapped.function.body, &measured);
    let measured = emit!(#entry #measured);
    // The future of an `async fn` keeps the parts of parameters that patterns do not bind.
    let evaluates = !ends.uses.is_empty() && !hands;
    if evaluates || is_opaque || has_patterns {
        return emit!(#measured.await);
    }
    if !wrapped.function.can_return_future() {
        return awaiting(&measured);
    }
    wrapped.function.sig.asyncness = None;
    wrapped.function.sig.output = future_of(&wrapped.function.sig, ty.as_ref());
    measured
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
    let future = emit!(#keyword ::core::future::Future<Output = #ty #end);
    ReturnType::Type(Token![->](ours()), Box::new(Type::Verbatim(future)))
}

/// The `future` of an `async fn`, measured. If it hands values over, they come through a slot.
fn measured_future(wrapped: &Wrapped<'_>, hands: bool, future: &TokenStream) -> TokenStream {
    let Wrapped { private, ends, .. } = *wrapped;
    if !hands {
        let measure = ends.function_of_library("measured");
        let recording = ends.recording(private, None);
        return emit!(#private::#measure(#future, #recording));
    }
    let record = ends.record(private, None);
    let known = &ends.known;
    emit! {
        #private::measured_handing(#future, (#(#known,)*), __dt_metrics_slot, #record)
    }
}

/// The statements on entry if the future hands values over, and the slot for them.
fn entry_with_slot(wrapped: &Wrapped<'_>) -> TokenStream {
    let Wrapped { private, ends, .. } = *wrapped;
    let slot = emit!(let __dt_metrics_slot = #private::slot(););
    let entry = &ends.entry;
    let mut copied = wrapped.matched.iter().flat_map(|matched| &matched.copied);
    let entry = if copied.next().is_none() {
        entry.clone()
    } else {
        let borrowed = borrowed(&wrapped.matched);
        let entry = matched(private, &wrapped.matched, entry, &ends.entered);
        emit!(#borrowed #entry)
    };
    emit!(#entry #slot)
}

/// The statement with which the future of an `async fn` evaluates values and hands them over, if there are
/// values and the type that records them does not depend on the future.
fn handover(wrapped: &Wrapped<'_>) -> Option<TokenStream> {
    let Wrapped { private, ends, .. } = *wrapped;
    let Handed {
        statements,
        entered,
    } = ends.handed.as_ref().filter(|_| !ends.copied.captures)?;
    let borrowed = borrowed(&wrapped.matched);
    let statements = matched(private, &wrapped.matched, statements, entered);
    let values = list(entered);
    Some(emit! {
        #borrowed
        let () = { #statements #private::hand(__dt_metrics_slot, #values) }.await;
    })
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
