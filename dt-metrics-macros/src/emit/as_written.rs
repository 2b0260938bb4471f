//! The function that clippy reads in place of a wrapped one: the function as it was written.

use core::mem;

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::ToTokens;

use super::body::entered;
use super::ends::{Asks, Ends};
use crate::analyse::return_type::{Output, closure_output, has_impl};
use crate::analyse::shape::Shape;
use crate::parse::item::Function;
use crate::tokens::{Private, any, emit, is_ident, is_punct};

/// The function as it was written, with these statements before its body.
pub(crate) fn as_written(function: Function, entry: &TokenStream) -> TokenStream {
    if entry.is_empty() {
        return function.untouched();
    }
    let block = entered(&function.body, entry);
    function.with(block)
}

/// The statements that use the arguments of the annotation as the wrapped function does: without
/// them, clippy would report names that only the arguments mention as unused. `None` if the
/// arguments use the returned value, and its type cannot be written.
pub(crate) fn entry(
    private: &Private,
    shape: &Shape,
    function: &Function,
    ends: &Ends,
) -> Option<TokenStream> {
    if ends.have_names {
        let end = end(private, shape, function, ends)?;
        let entry = ends.whole_entry();
        return Some(emit!({ #entry #end }));
    }
    // Clippy must not advise `const fn`, which cannot be annotated.
    let is_call = matches!(shape, Shape::Call(_) | Shape::ByType { .. });
    let statement =
        (is_call && !function.has_canonical_body()).then(|| emit!(let _ = #private::never::<()>()));
    Some(statement.unwrap_or_default())
}

/// A call and its end, which contains the user's expressions that take the
/// returned value. `None` if the type of that value cannot be written.
fn end(private: &Private, shape: &Shape, function: &Function, ends: &Ends) -> Option<TokenStream> {
    if ends.judge.is_some() {
        return None;
    }
    if ends.asks != Asks::Returned {
        let begin = &ends.begin;
        return Some(emit!(let _ = &#begin;));
    }
    let written = closure_output(&function.sig.output).filter(|_| !has_impl(&function.sig.output));
    let (ty, is_by_type) = match shape {
        Shape::Call(Output::Never) | Shape::Async(Output::Never) | Shape::Stream { .. } => None,
        Shape::Call(_) | Shape::Async(_) => written.map(|ty| (ty, false)),
        Shape::ByType { .. } => written.map(|ty| (ty, true)),
        Shape::Future { value, .. } | Shape::Boxed { value, .. } => {
            value.as_ref().map(|ty| (ty.to_token_stream(), false))
        }
    }?;
    let ty = infer_lifetimes(ty);
    // Clippy judges the type in the signature.
    let allow = emit! {
        #[allow(
            clippy::absolute_paths,
            clippy::alloc_instead_of_core,
            clippy::disallowed_types,
            clippy::std_instead_of_alloc,
            clippy::std_instead_of_core,
            clippy::use_self,
        )]
    };
    let Ends { begin, keeps, .. } = ends;
    let body = emit!(#allow let __dt_metrics_body = #private::never::<#ty>;);
    Some(if is_by_type {
        let record = ends.record(private, None);
        emit! {
            #body
            #allow
            let __dt_metrics_call = #private::Call::<#ty>::new().__dt_metrics_kind();
            let _ = &__dt_metrics_call.__dt_metrics_run(
                #keeps,
                move #record,
                #private::Items,
                #private::once(__dt_metrics_body),
            );
        }
    } else {
        let (leave, tell) = (ends.leave_closure(private), ends.tell_closure(None));
        emit! {
            #body
            let _ = &#private::run(__dt_metrics_body, #begin, #leave, move #tell);
        }
    })
}

/// `ty` with `'_` in place of its lifetimes: clippy takes a lifetime that is named in a body for a needed
/// one (`needless_lifetimes`).
pub(super) fn infer_lifetimes(ty: TokenStream) -> TokenStream {
    if any(&ty, |_, token| is_ident(token, "for")) {
        return ty;
    }
    let mut is_lifetime = false;
    let inferred = ty.into_iter().map(|token| {
        let follows = mem::replace(&mut is_lifetime, is_punct(&token, '\''));
        match token {
            TokenTree::Ident(name) if follows && name != "static" => {
                Ident::new("_", name.span()).into()
            }
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), infer_lifetimes(group.stream()));
                inner.set_span(group.span());
                inner.into()
            }
            other => other,
        }
    });
    inferred.collect()
}
