//! Annotated items, parsed no further than needed.
//!
//! A function's body stays a list of tokens: their spans survive, so that editors can navigate and
//! complete, and a half-typed body still expands.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt};
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Error, FnArg, Result, Signature, Token, Visibility};

use super::annotation::Annotation;
use crate::tokens::{emit, find_ident, ident, is_ident, is_punct, ours};

/// The item that an annotation is on.
pub(crate) enum Item {
    /// A function, a method or an associated function.
    Function(Box<Function>),
    /// A function without a body, in a trait or an `extern` block, and its `;`.
    Bodiless(Token![;]),
    /// Any other item, and the token that names its kind.
    Other(TokenTree),
}

/// A function with a body.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    vis: Visibility,
    defaultness: Option<Token![default]>,
    pub(crate) sig: Signature,
    inner_attrs: Vec<Attribute>,
    pub(crate) body: Group,
    /// Whether it is in an `impl` block that another macro will read.
    pub(crate) is_read_by_macros: bool,
}

impl Item {
    /// Reads all of an item.
    pub(crate) fn parse(item: TokenStream) -> Result<Self> {
        let read = |input: ParseStream<'_>| {
            let item = Self::parse_next(input)?;
            if let Self::Other(_) = item {
                input.parse::<TokenStream>()?;
            }
            Ok(item)
        };
        read.parse2(item)
    }

    /// Reads the first item of several, and only the beginning of an item that is not a function.
    pub(crate) fn parse_next(input: ParseStream<'_>) -> Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        if let Some(other) = not_a_function(&input.fork()) {
            return Ok(Self::Other(other));
        }
        let defaultness = input.parse()?;
        let sig = input.parse()?;
        if let Some(semicolon) = input.parse()? {
            return Ok(Self::Bodiless(semicolon));
        }
        let (inner_attrs, body) = body(&input.parse()?)?;
        Ok(Self::Function(Box::new(Function {
            attrs,
            vis,
            defaultness,
            sig,
            inner_attrs,
            body,
            is_read_by_macros: false,
        })))
    }

    /// The function, if `annotation` can be on this item.
    pub(crate) fn function(self, annotation: &Annotation) -> Result<Function> {
        let written = annotation.written;
        let (span, message) = match self {
            Self::Function(function) => match (&function.sig.constness, function.naked()) {
                (None, None) => return Ok(*function),
                (Some(constness), _) => (
                    constness.span,
                    format!(
                        "`{written}` records at run time, which a `const fn` cannot: remove \
                         `const`, or annotate the functions that call it"
                    ),
                ),
                (None, Some(naked)) => (
                    naked,
                    format!(
                        "`{written}` adds code to the function, which a naked function cannot have: \
                         annotate the functions that call it"
                    ),
                ),
            },
            Self::Bodiless(semicolon) => (
                semicolon.span,
                format!(
                    "`{written}` needs a function with a body: annotate the implementations instead"
                ),
            ),
            Self::Other(token) => {
                let place = if annotation.outcome {
                    "a function or an `impl` block"
                } else {
                    "a function"
                };
                let message =
                    format!("`{written}` goes on {place}: move it to the functions to be measured");
                (token.span(), message)
            }
        };
        Err(Error::new(span, message))
    }
}

/// The token that names the kind of an item; `None` for a function.
fn not_a_function(input: ParseStream<'_>) -> Option<TokenTree> {
    let mut item = None;
    while let Ok(token) = input.parse::<TokenTree>() {
        match token.to_string().as_str() {
            "fn" => return None,
            // Functions can begin with these.
            "default" | "async" | "unsafe" | "safe" => {}
            "const" | "extern" => item = Some(token),
            abi if abi.ends_with('"') => {}
            _ => return Some(item.unwrap_or(token)),
        }
    }
    item
}

/// Whether an attribute is not a macro, and has one meaning on `async fn f() -> T` and on
/// `fn f() -> impl Future<Output = T>`. `#[must_use]` has two.
pub(crate) fn is_inert(attr: &Attribute) -> bool {
    let path = attr.path();
    let first = path.segments.first().map(|first| first.ident.to_string());
    match first.as_deref().unwrap_or_default() {
        "allow" | "cfg" | "cfg_attr" | "cold" | "deny" | "deprecated" | "doc" | "expect"
        | "forbid" | "inline" | "warn" => path.get_ident().is_some(),
        "clippy" | "rustfmt" => path.get_ident().is_none(),
        _ => false,
    }
}

/// Whether an attribute has the name of an annotation that looks at the parameters only by name.
pub(crate) fn is_ours(attr: &Attribute) -> bool {
    let last = attr.path().segments.last();
    let name = last.map(|last| last.ident.to_string());
    matches!(
        name.as_deref(),
        Some("counted" | "in_flight" | "measured" | "recorded" | "timed")
    )
}

/// Whether an attribute is built into the compiler.
fn is_built_in(attr: &Attribute) -> bool {
    const NAMES: &[&str] = &[
        "automatically_derived",
        "bench",
        "export_name",
        "ignore",
        "link_section",
        "must_use",
        "no_mangle",
        "should_panic",
        "target_feature",
        "test",
        "track_caller",
        "unsafe",
    ];
    is_inert(attr) || NAMES.iter().any(|name| attr.path().is_ident(name))
}

/// Takes the inner attributes, `#![…]`, out of a body: they belong to the function.
fn body(braces: &TokenTree) -> Result<(Vec<Attribute>, Group)> {
    let TokenTree::Group(braces) = braces else {
        let message = "expected the body of the function";
        return Err(Error::new(braces.span(), message));
    };
    let begins = braces.stream().into_iter().next();
    if !begins.is_some_and(|token| is_punct(&token, '#')) {
        return Ok((Vec::new(), braces.clone()));
    }
    let inner = |input: ParseStream<'_>| {
        let attrs = input.call(Attribute::parse_inner)?;
        Ok((attrs, input.parse::<TokenStream>()?))
    };
    let (attrs, rest) = inner.parse2(braces.stream())?;
    let body = if attrs.is_empty() {
        braces.clone()
    } else {
        regroup(braces, rest)
    };
    Ok((attrs, body))
}

/// `tokens` in braces that are at the place of `braces`.
pub(crate) fn regroup(braces: &Group, tokens: TokenStream) -> Group {
    let mut group = Group::new(Delimiter::Brace, tokens);
    group.set_span(braces.span());
    group
}

/// The name of the variable by which a further annotation finds the future of this one.
const AWAITED: &str = "__dt_metrics_awaited";

/// The body of an `async fn` that awaits `measured` and nothing else. A further annotation of the
/// function does not have to put it in another `async` block, in which the parameters would be there
/// once more.
pub(crate) fn awaiting(measured: &TokenStream) -> TokenStream {
    let future = ident(AWAITED);
    emit! {
        let #future = { #measured };
        #future.await
    }
}

impl Function {
    /// Whether an `async fn` can become a function that returns a future without anybody seeing
    /// the difference.
    pub(crate) fn can_return_future(&self) -> bool {
        !self.is_read_by_macros && self.attrs.iter().all(is_inert)
    }

    /// Whether macros other than the annotations of this crate may look at the function.
    pub(crate) fn has_macros(&self) -> bool {
        let mut attrs = self.attrs.iter();
        attrs.any(|attr| !is_built_in(attr) && !is_ours(attr))
    }

    /// If the body awaits a measured future and nothing else, which [`awaiting`] wrote: the body
    /// without `.await`.
    pub(crate) fn awaits_measured(&self) -> Option<TokenStream> {
        self.sig.asyncness?;
        let tokens: Vec<TokenTree> = self.body.stream().into_iter().collect();
        let (before, [future, dot, keyword]) = tokens.split_last_chunk()?;
        let awaits = is_punct(dot, '.') && is_ident(keyword, "await") && is_ident(future, AWAITED);
        awaits.then(|| before.iter().chain([future]).cloned().collect())
    }

    /// The attributes called `name`.
    pub(crate) fn attrs(&self, name: &str) -> impl Iterator<Item = &Attribute> {
        let attrs = self.attrs.iter();
        attrs.filter(move |attr| attr.path().is_ident(name))
    }

    /// Whether it may look at its caller's location.
    pub(crate) fn tracks_caller(&self) -> bool {
        self.attrs("track_caller").next().is_some()
    }

    /// The place of `#[unsafe(naked)]`: then the body is nothing but assembly.
    pub(crate) fn naked(&self) -> Option<Span> {
        let mut attrs = self.attrs.iter();
        attrs.find_map(|attr| {
            let path = attr.path();
            let is_unsafe = path.is_ident("unsafe") || path.is_ident("naked");
            let naked = find_ident(&attr.meta, |ident| ident == "naked");
            naked.filter(|_| is_unsafe).map(|naked| naked.span())
        })
    }

    /// Whether its body can have more code: it is neither `const` nor naked.
    pub(crate) fn can_record(&self) -> bool {
        self.sig.constness.is_none() && self.naked().is_none()
    }

    /// The function as it was written.
    pub(crate) fn untouched(self) -> TokenStream {
        let mut tokens = TokenStream::new();
        tokens.append_all(&self.inner_attrs);
        tokens.extend(self.body.stream());
        let braces = regroup(&self.body, tokens);
        self.item(&braces)
    }

    /// The function with another block in place of its body.
    pub(crate) fn with(self, block: TokenStream) -> TokenStream {
        let mut tokens = TokenStream::new();
        tokens.append_all(&self.inner_attrs);
        if self.body.stream().is_empty() && self.sig.generics.type_params().next().is_some() {
            // Clippy ignores unused type parameters only as long as the function is empty
            // (`extra_unused_type_parameters`), and only if it does nothing (`inline_always`).
            let types = self
                .sig
                .generics
                .type_params()
                .map(|parameter| &parameter.ident);
            let uses = types.map(|ty| emit!(let _ = ::core::marker::PhantomData::<#ty>;));
            tokens.extend(emit!({ const _: () = (); #(#uses)* }));
        }
        tokens.extend(block);
        let mut braces = regroup(&self.body, tokens);
        if self.has_canonical_body() {
            braces.set_span(ours().located_at(self.body.span()));
        }
        self.item(&braces)
    }

    fn item(self, braces: &Group) -> TokenStream {
        let mut function = TokenStream::new();
        function.append_all(&self.attrs);
        self.vis.to_tokens(&mut function);
        self.defaultness.to_tokens(&mut function);
        self.sig.to_tokens(&mut function);
        braces.to_tokens(&mut function);
        function
    }

    /// Whether clippy expects the body of this function, in some `impl` blocks, to be one
    /// expression (`non_canonical_clone_impl`, `non_canonical_partial_ord_impl`). It does not expect
    /// this of a body that comes from a macro.
    ///
    /// Other bodies must not seem to come from a macro: clippy would skip further lints.
    pub(crate) fn has_canonical_body(&self) -> bool {
        matches!(self.vis, Visibility::Inherited)
            && matches!(self.sig.inputs.first(), Some(FnArg::Receiver(_)))
            && (self.sig.ident == "clone" || self.sig.ident == "partial_cmp")
    }
}
