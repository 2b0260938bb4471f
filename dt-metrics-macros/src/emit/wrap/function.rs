//! The function that is wrapped, and its body with its parameters in a closure or in a future.

use core::mem;

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream};
use quote::ToTokens;
use syn::ReturnType;

use crate::analyse::return_type::{closure_output, closures};
use crate::emit::ends::Ends;
use crate::emit::take_over::{Matched, Taken, Target, Used, borrowed, matched, take_over};
use crate::expander::allow_clippy;
use crate::parse::item::{Function, is_ours};
use crate::tokens::{Private, emit, ours};

/// A function, and the code around its calls.
pub(super) struct Wrapped<'a> {
    pub(super) private: &'a Private,
    pub(super) function: Function,
    pub(super) ends: &'a Ends,
    /// Patterns of parameters that were taken over, and whose names the annotation reads.
    pub(super) matched: Vec<Matched>,
}

impl Wrapped<'_> {
    /// The statements that take the parameters over.
    pub(super) fn taken(&mut self, target: Target) -> Taken {
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
    pub(super) fn entry(&self) -> TokenStream {
        let Self { private, ends, .. } = self;
        let copied = self.matched.iter().flat_map(|matched| &matched.copied);
        let mut entered = ends.all_entered();
        if ends.copied.captures {
            entered.extend(copied.map(ToTokens::to_token_stream));
        }
        let borrowed = borrowed(&self.matched);
        let entry = matched(private, &self.matched, &ends.whole_entry(), &entered);
        emit!(#borrowed #entry)
    }

    /// [`Self::closure`] in the variable `__dt_metrics_body`. Lints of clippy about its type are
    /// already reported for the function.
    pub(super) fn closure_variable(&mut self) -> TokenStream {
        let private = self.private;
        let closure = self.closure();
        let allow = allow_clippy!(clippy::result_large_err);
        emit!(#allow let __dt_metrics_body = #private::once(#closure);)
    }

    /// The body as a closure that has all parameters.
    pub(super) fn closure(&mut self) -> TokenStream {
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

    /// A closure with these parameters of the function and this body.
    pub(super) fn closure_with(
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

    /// An `async` block with these statements.
    pub(super) fn block(&self, statements: TokenStream) -> TokenStream {
        let (first, last) = self.head();
        let (keyword, by_move) = (Ident::new("async", first), Ident::new("move", last));
        let braces = self.braces(statements);
        emit!(#keyword #by_move #braces)
    }

    /// Braces at the place of the body's. In the edition of this crate, temporaries of the last expression are
    /// dropped before the variables.
    fn braces(&self, statements: TokenStream) -> Group {
        let mut braces = Group::new(Delimiter::Brace, statements);
        braces.set_span(ours().located_at(self.function.body.span()));
        braces
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
}

/// A `|` at this place.
fn bar(place: Span) -> Punct {
    let mut bar = Punct::new('|', Spacing::Alone);
    bar.set_span(place);
    bar
}

/// `value`, which a function with this `output` returns. The helper function lets the compiler infer
/// the type of a closure in it.
pub(super) fn returned_as(output: &ReturnType, value: &TokenStream) -> TokenStream {
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
